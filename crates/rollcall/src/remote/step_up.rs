//! The second factor: what a server wants, and where the code comes from.

use super::prompt::Ask;
use super::{Failure, Kind, Secret};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::str::FromStr;

/// How often a person is asked for one action.
const ASKED_MAX: u32 = 3;
/// The variable that scripts give a code in.
pub const VARIABLE: &str = "ROLLCALL_CODE";

/// A way to prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A code of an authenticator app.
    Totp,
    /// A code that was mailed.
    Email,
    /// The password again.
    Password,
}

impl Method {
    /// As the wire names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Password => "password",
        }
    }

    fn question(self, mailed: bool) -> &'static str {
        match self {
            Self::Totp => "Code of your authenticator app (or a backup code): ",
            Self::Email if mailed => "Code that was just mailed to you: ",
            Self::Email => "Code that was mailed to you: ",
            Self::Password => "Your password, as second factor: ",
        }
    }

    /// What is sent for what was typed: the digest of a password, which may be given in place of it.
    fn code(self, typed: &Secret) -> Secret {
        let text = typed.reveal();
        let is_digest = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self {
            Self::Password if is_digest => Secret::new(text.to_ascii_lowercase()),
            Self::Password => Secret::new(HEXLOWER.encode(&Sha256::digest(text))),
            Self::Totp | Self::Email => Secret::new(text.trim()),
        }
    }
}

impl FromStr for Method {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Totp, Self::Email, Self::Password].into_iter().find(|it| it.as_str() == text).ok_or(())
    }
}

/// Why a second factor is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// There was none.
    Required,
    /// It was wrong.
    Invalid,
    /// There were too many wrong ones.
    MaxAttempts,
}

impl What {
    /// By the name of a refusal: that of a sign-in, or that of a problem.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "totp-required" | "step-up-required" => Some(Self::Required),
            "totp-invalid" | "step-up-invalid" => Some(Self::Invalid),
            "totp-max-attempts" | "step-up-blocked" => Some(Self::MaxAttempts),
            _ => None,
        }
    }
}

/// What a server wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Why.
    pub what: What,
    /// By what method.
    pub method: Method,
    /// Whether a code was mailed just now.
    pub mailed: bool,
}

/// An answer to it.
#[derive(Debug)]
pub struct Proof {
    /// By what method.
    pub method: Method,
    /// The code as it is sent.
    pub code: Secret,
}

/// Where codes come from: a variable, or else a person.
#[derive(Debug)]
pub struct Codes {
    /// The variable's value.
    pub given: Option<Secret>,
    /// Whoever is at the terminal.
    pub person: Option<Box<dyn Ask>>,
}

impl Codes {
    /// A proof for a challenge; `attempt` counts those of one action before it.
    pub fn answer(&self, challenge: &Challenge, attempt: u32) -> Result<Proof, Failure> {
        let Challenge { what, method, mailed } = *challenge;
        let name = method.as_str();
        let refused = |what: String| Err(Kind::SecondFactor.because(what));
        if what == What::MaxAttempts {
            return refused(
                "too many wrong second factors: none is taken for some minutes. Wait, then try again".into(),
            );
        }
        let typed = match (&self.given, &self.person) {
            (Some(given), _) if attempt == 0 => given.clone(),
            (Some(_), _) => {
                return refused(format!("the second factor in {VARIABLE} is not right (method: {name})"));
            }
            (None, None) => {
                let mailed = if mailed { "; a code was mailed just now" } else { "" };
                return refused(format!(
                    "a second factor is needed (method: {name}{mailed}): run this on a terminal, or give it in \
                     {VARIABLE}"
                ));
            }
            (None, Some(_)) if attempt >= ASKED_MAX => {
                return refused(format!("the second factor was not right (method: {name})"));
            }
            (None, Some(person)) => {
                if what == What::Invalid {
                    person.tell("That was not right.");
                }
                person.hidden(method.question(mailed))?
            }
        };
        if typed.reveal().trim().is_empty() {
            return refused("no second factor was given".into());
        }
        Ok(Proof { method, code: method.code(&typed) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    /// A person who types always the same, and notes what was asked.
    #[derive(Debug)]
    struct Person(&'static str, Rc<RefCell<Vec<String>>>);

    impl Ask for Person {
        fn tell(&self, sentence: &str) {
            self.1.borrow_mut().push(sentence.into());
        }

        fn line(&self, question: &str) -> Result<String, Failure> {
            self.tell(question);
            Ok(self.0.into())
        }

        fn hidden(&self, question: &str) -> Result<Secret, Failure> {
            self.line(question).map(Secret::new)
        }
    }

    fn wanted(what: What, method: Method) -> Challenge {
        Challenge { what, method, mailed: false }
    }

    fn person(types: &'static str) -> (Codes, Rc<RefCell<Vec<String>>>) {
        let notes = Rc::new(RefCell::new(Vec::new()));
        (Codes { given: None, person: Some(Box::new(Person(types, notes.clone()))) }, notes)
    }

    #[test]
    fn a_password_is_sent_as_its_digest() {
        let digest = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8";
        for given in ["password", digest, &digest.to_uppercase()] {
            let codes = Codes { given: Some(Secret::new(given)), person: None };
            let proof = codes.answer(&wanted(What::Required, Method::Password), 0).unwrap();
            assert_eq!(proof.code.reveal(), digest);
        }
        let codes = Codes { given: Some(Secret::new(" 123456 ")), person: None };
        assert_eq!(codes.answer(&wanted(What::Required, Method::Totp), 0).unwrap().code.reveal(), "123456");
    }

    #[test]
    fn a_person_is_asked_three_times() {
        let (codes, notes) = person("000000");
        assert!(codes.answer(&wanted(What::Required, Method::Totp), 0).is_ok());
        assert!(codes.answer(&wanted(What::Invalid, Method::Totp), 1).is_ok());
        assert!(codes.answer(&wanted(What::Invalid, Method::Totp), 2).is_ok());
        let failure = codes.answer(&wanted(What::Invalid, Method::Totp), 3).unwrap_err();
        assert_eq!(failure.kind, Kind::SecondFactor);
        let notes = notes.borrow();
        assert_eq!(notes.iter().filter(|note| note.contains("authenticator")).count(), 3);
        assert_eq!(notes.iter().filter(|note| note.contains("not right")).count(), 2);
    }

    #[test]
    fn a_given_code_is_tried_once_and_nobody_is_asked_then() {
        let (codes, notes) = person("000000");
        let codes = Codes { given: Some(Secret::new("111111")), ..codes };
        assert!(codes.answer(&wanted(What::Required, Method::Totp), 0).is_ok());
        let failure = codes.answer(&wanted(What::Invalid, Method::Totp), 1).unwrap_err();
        assert!(failure.what.contains(VARIABLE) && !failure.what.contains("111111"));
        assert!(notes.borrow().is_empty());
    }

    #[test]
    fn without_a_code_or_a_person_it_says_what_to_do() {
        let codes = Codes { given: None, person: None };
        let failure = codes.answer(&wanted(What::Required, Method::Email), 0).unwrap_err();
        assert!(failure.what.contains("email") && failure.what.contains(VARIABLE), "{failure}");
    }

    #[test]
    fn a_code_that_was_mailed_is_told_of_and_asked_for() {
        let mailed = Challenge { mailed: true, ..wanted(What::Required, Method::Email) };
        let nobody = Codes { given: None, person: None };
        assert!(nobody.answer(&mailed, 0).unwrap_err().what.contains("a code was mailed just now"));
        let (codes, notes) = person(" 123-456 ");
        assert_eq!(codes.answer(&mailed, 0).unwrap().code.reveal(), "123-456");
        assert!(codes.answer(&Challenge { what: What::Invalid, mailed: false, ..mailed }, 1).is_ok());
        let notes = notes.borrow();
        assert_eq!(
            *notes,
            ["Code that was just mailed to you: ", "That was not right.", "Code that was mailed to you: "]
        );
    }

    #[test]
    fn a_locked_second_factor_is_not_asked_for() {
        let (codes, notes) = person("000000");
        let failure = codes.answer(&wanted(What::MaxAttempts, Method::Totp), 0).unwrap_err();
        assert_eq!(failure.kind, Kind::SecondFactor);
        assert!(notes.borrow().is_empty());
        let (codes, _) = person(" ");
        assert!(codes.answer(&wanted(What::Required, Method::Totp), 0).is_err());
    }
}
