//! Roles, permissions, and which role holds which permission.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$case_doc])* $case),+ }

        impl $name {
            /// All of them, in the order in which they are stored and printed.
            pub const ALL: &[Self] = &[$(Self::$case),+];

            /// Its id on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$case => $text),+ }
            }

            /// The one with this id.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$case),)+ _ => None }
            }
        }
    };
}

named! {
    /// A role of the workspace. The set is fixed; which permissions a role holds is data.
    Role {
        /// Runs the workspace.
        Admin = "admin",
        /// Everybody who signs in.
        User = "user",
        /// A program that acts as a user.
        Bot = "bot",
        /// An installed app.
        App = "app",
        /// A guest.
        Guest = "guest",
        /// Somebody without an account.
        Anonymous = "anonymous",
        /// A room's moderator.
        Moderator = "moderator",
        /// A room's leader.
        Leader = "leader",
        /// A room's owner.
        Owner = "owner",
    }
}

named! {
    /// A right that an endpoint may ask for.
    Permission {
        /// See the sessions of all users.
        ViewDeviceManagement = "view-device-management",
        /// End the sessions of all users.
        LogoutDeviceManagement = "logout-device-management",
        /// End all sessions of one user.
        LogoutOtherUser = "logout-other-user",
        /// Make users.
        CreateUser = "create-user",
        /// Delete users.
        DeleteUser = "delete-user",
        /// Change another user's data.
        EditOtherUserInfo = "edit-other-user-info",
        /// Set another user's password.
        EditOtherUserPassword = "edit-other-user-password",
        /// Activate and deactivate users.
        EditOtherUserActiveStatus = "edit-other-user-active-status",
        /// Reset another user's second factor.
        EditOtherUserTotp = "edit-other-user-totp",
        /// Act on reports.
        ManageModerationActions = "manage-moderation-actions",
        /// Give and take the admin role.
        AssignAdminRole = "assign-admin-role",
        /// Change roles and permissions.
        AccessPermissions = "access-permissions",
        /// See every field of other users.
        ViewFullOtherUserInfo = "view-full-other-user-info",
        /// See the server's statistics.
        ViewStatistics = "view-statistics",
        /// Call without being counted by the rate limit.
        ApiBypassRateLimit = "api-bypass-rate-limit",
        /// List users.
        ViewDRoom = "view-d-room",
        /// See users outside one's own rooms.
        ViewOutsideRoom = "view-outside-room",
        /// Make personal access tokens.
        CreatePersonalAccessTokens = "create-personal-access-tokens",
        /// Read the audit.
        ViewAudit = "view-audit",
        /// Make and revoke service tokens.
        ManageServiceTokens = "manage-service-tokens",
        /// Ask whether a token is good, and whose it is.
        IntrospectTokens = "introspect-tokens",
    }
}

impl Role {
    /// What the role is for, as `roles.list` tells it.
    pub const fn description(self) -> &'static str {
        match self {
            Self::Admin => "Admin",
            Self::Moderator => "Moderator",
            Self::Leader => "Leader",
            Self::Owner => "Owner",
            _ => "",
        }
    }

    /// Where the role applies.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Moderator | Self::Leader | Self::Owner => "Subscriptions",
            _ => "Users",
        }
    }
}

/// A set of roles, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RoleSet(u16);

impl RoleSet {
    /// No role.
    pub const EMPTY: Self = Self(0);

    /// The set as stored.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The set that was stored as these bits.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// Whether the role is in it.
    pub const fn contains(self, role: Role) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// The set with the role, or without it.
    #[must_use]
    pub const fn with(self, role: Role, there: bool) -> Self {
        let bit = 1 << role as u8;
        Self(if there { self.0 | bit } else { self.0 & !bit })
    }

    /// Whether the two have a role in common.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Its roles, in their order.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.iter().copied().filter(move |role| self.contains(*role))
    }
}

impl FromIterator<Role> for RoleSet {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().fold(0, |bits, role| bits | 1 << role as u8))
    }
}

/// Which roles hold each permission, at this instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants([RoleSet; Permission::ALL.len()]);

impl Grants {
    /// What a new workspace has (docs/reference/users.md).
    pub fn defaults() -> Self {
        Self(std::array::from_fn(|i| {
            let roles: &[Role] = match Permission::ALL[i] {
                Permission::ApiBypassRateLimit => &[Role::Admin, Role::Bot, Role::App],
                Permission::ViewDRoom | Permission::ViewOutsideRoom => {
                    &[Role::Admin, Role::User, Role::Bot, Role::App]
                }
                Permission::CreatePersonalAccessTokens => &[Role::Admin, Role::User],
                _ => &[Role::Admin],
            };
            roles.iter().copied().collect()
        }))
    }

    /// Nobody holds anything.
    pub const fn none() -> Self {
        Self([RoleSet::EMPTY; Permission::ALL.len()])
    }

    /// The roles that hold the permission.
    pub const fn roles(&self, permission: Permission) -> RoleSet {
        self.0[permission as usize]
    }

    /// Sets the roles that hold the permission.
    pub const fn set(&mut self, permission: Permission, roles: RoleSet) {
        self.0[permission as usize] = roles;
    }

    /// Whether somebody with these roles holds the permission.
    pub const fn allow(&self, roles: RoleSet, permission: Permission) -> bool {
        self.roles(permission).meets(roles)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_user_holds_what_the_defaults_say_and_nothing_else() {
        let user: RoleSet = [Role::User].into_iter().collect();
        let held: Vec<_> = Permission::ALL
            .iter()
            .filter(|permission| Grants::defaults().allow(user, **permission))
            .map(|permission| permission.as_str())
            .collect();
        assert_eq!(held, ["view-d-room", "view-outside-room", "create-personal-access-tokens"]);
    }

    #[test]
    fn an_administrator_holds_everything_and_nobody_nothing() {
        let admin: RoleSet = [Role::Admin].into_iter().collect();
        for permission in Permission::ALL {
            assert!(Grants::defaults().allow(admin, *permission));
            assert!(!Grants::defaults().allow(RoleSet::EMPTY, *permission));
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
        }
    }
}
