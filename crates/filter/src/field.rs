//! The fields of the language: their names, what may stand behind each, and the words of those that have a fixed set.

use rollcall_model::factor::Factors;
use rollcall_model::{DeviceType, Role};

/// A field by which sessions are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// One whose value is a text.
    Text(TextField),
    /// One whose value is an instant.
    Time(TimeField),
    /// The user's roles.
    Role,
    /// The user's second factors.
    Factor,
    /// Whether it is the session of whoever asks.
    Current,
}

/// A field whose value is a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TextField {
    /// The username.
    User,
    /// The user's name; absent when there is none.
    Name,
    /// Any of the user's e-mail addresses.
    Email,
    /// The name of browser or app, alone or with its version: `Chrome`, `Chrome 145.0.7632.109`.
    Device,
    /// What kind of client it is.
    Type,
    /// The version of browser or app, whole or as rows show it; absent when unknown.
    Version,
    /// The name of the operating system, alone or with its version.
    Os,
    /// The `Host` header at sign-in.
    Host,
    /// The client's address at sign-in.
    Ip,
    /// The session's id.
    Id,
}

/// A field whose value is an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeField {
    /// When the session was opened.
    Login,
    /// When its token was last shown.
    Seen,
}

/// What a user has for a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Factor {
    /// An authenticator.
    Totp,
    /// Codes by mail.
    Mail,
    /// Neither.
    None,
}

/// The words of `current`.
pub const YES_OR_NO: [(&str, bool); 2] = [("yes", true), ("no", false)];

impl Field {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 15] = [
        Self::Text(TextField::User),
        Self::Text(TextField::Name),
        Self::Text(TextField::Email),
        Self::Role,
        Self::Text(TextField::Device),
        Self::Text(TextField::Type),
        Self::Text(TextField::Version),
        Self::Text(TextField::Os),
        Self::Text(TextField::Host),
        Self::Text(TextField::Ip),
        Self::Time(TimeField::Login),
        Self::Time(TimeField::Seen),
        Self::Text(TextField::Id),
        Self::Factor,
        Self::Current,
    ];

    /// Its name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text(field) => field.name(),
            Self::Time(TimeField::Login) => "login",
            Self::Time(TimeField::Seen) => "seen",
            Self::Role => "role",
            Self::Factor => "factor",
            Self::Current => "current",
        }
    }

    /// The field with this name, whatever its case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name().eq_ignore_ascii_case(name))
    }

    /// Whether it is known of live sessions only: nothing keeps what it was.
    pub const fn is_of_the_present(self) -> bool {
        matches!(self, Self::Time(TimeField::Seen) | Self::Factor | Self::Current)
    }

    /// What may stand behind its name.
    pub const fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Text(TextField::Version) => &[":", "~", "<", "<=", ">", ">="],
            Self::Text(_) => &[":", "~"],
            Self::Time(_) => &["<", "<=", ">", ">="],
            Self::Role | Self::Factor | Self::Current => &[":"],
        }
    }

    /// The values it can have, if they are a fixed set.
    pub fn words(self) -> Vec<&'static str> {
        match self {
            Self::Text(TextField::Type) => DeviceType::ALL.map(DeviceType::as_str).to_vec(),
            Self::Role => Role::ALL.iter().map(|role| role.as_str()).collect(),
            Self::Factor => Factor::ALL.map(Factor::as_str).to_vec(),
            Self::Current => YES_OR_NO.map(|(word, _)| word).to_vec(),
            Self::Text(_) | Self::Time(_) => Vec::new(),
        }
    }
}

impl TextField {
    /// Its name in the language.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Name => "name",
            Self::Email => "email",
            Self::Device => "device",
            Self::Type => "type",
            Self::Version => "version",
            Self::Os => "os",
            Self::Host => "host",
            Self::Ip => "ip",
            Self::Id => "id",
        }
    }
}

impl Factor {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Totp, Self::Mail, Self::None];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Mail => "mail",
            Self::None => "none",
        }
    }

    /// Whether a user with these factors has it.
    pub const fn is_of(self, factors: Factors) -> bool {
        match self {
            Self::Totp => factors.authenticator,
            Self::Mail => factors.mail,
            Self::None => !factors.any(),
        }
    }
}

/// The word nearest to one that is not known, if one is near.
pub fn nearest(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let distance = |known: &'static str| (strsim::damerau_levenshtein(&word, known), known);
    let (distance, known) = known.into_iter().map(distance).min_by_key(|(distance, _)| *distance)?;
    // A third of the letters, and one at the least, may be wrong.
    (distance <= (word.chars().count() / 3).max(1)).then_some(known)
}
