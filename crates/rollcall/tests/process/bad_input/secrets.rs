//! Secrets that are planted in requests, and looked for in everything that the process wrote.

use rollcall_testkit::sha256;

pub const PASSWORD: &str = "planted-password-Zq8Lw2";
pub const BEARER: &str = "planted-bearer-Xk3Vn7";
pub const COOKIE: &str = "planted-cookie-Hd5Rt9";
pub const CODE: &str = "planted-code-Bm6Yc4";
const QUERIED: &str = "planted-query-Ws1Pf0";

/// Whether what is given under this name is a secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    // The name that a user gives a token is shown to it.
    name != "tokenname"
        && ["password", "pass", "token", "resume", "code", "secret"].iter().any(|word| name.contains(word))
}

/// Secrets where they do not belong.
pub fn in_query() -> String {
    format!("password={QUERIED}&authToken={QUERIED}")
}

/// Whoever plants secrets also looks for them.
pub struct Search {
    secrets: Vec<String>,
}

impl Search {
    /// Looks for what was planted, and for these passwords and tokens.
    pub fn new(passwords: &[&str], tokens: &[String]) -> Self {
        let planted = [PASSWORD, BEARER, COOKIE, CODE, QUERIED].map(str::to_owned);
        let codes = passwords.iter().chain(&[PASSWORD]).map(|password| sha256(password));
        let passwords = passwords.iter().map(|password| (*password).to_owned());
        Self { secrets: planted.into_iter().chain(codes).chain(passwords).chain(tokens.to_vec()).collect() }
    }

    /// How many secrets are looked for.
    pub fn count(&self) -> usize {
        self.secrets.len()
    }

    /// Those that are in it, by where they are.
    pub fn found_in(&self, place: &str, text: &str) -> Vec<String> {
        let are_there = self.secrets.iter().filter(|secret| text.contains(&***secret));
        are_there.map(|secret| format!("{secret} in {place}")).collect()
    }
}
