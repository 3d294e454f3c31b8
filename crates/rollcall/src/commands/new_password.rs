//! A user's new password: asked for twice on a terminal, else one line of stdin, or a random one.

use crate::remote::prompt::{Ask, Terminal, line_of_stdin};
use crate::remote::{Failure, Kind, Secret};
use rollcall_model::{Randomness, Token, limits};

/// Asks whoever is at the terminal, twice; without one, reads a line of stdin.
pub fn asked_for(username: &str) -> Result<Secret, Failure> {
    match Terminal::open() {
        Some(terminal) => twice(&terminal, username),
        None => good(Secret::new(line_of_stdin()?)),
    }
}

/// A random one, which nobody guesses.
pub fn random(randomness: &dyn Randomness) -> Secret {
    Secret::new(Token::random(randomness).reveal())
}

fn twice(person: &dyn Ask, username: &str) -> Result<Secret, Failure> {
    let password = good(person.hidden(&format!("New password of {username}: "))?)?;
    if person.hidden("The same again: ")? != password {
        return Err(Kind::Usage.because("the two passwords are not the same; nothing was changed"));
    }
    Ok(password)
}

fn good(password: Secret) -> Result<Secret, Failure> {
    match password.reveal().chars().count() {
        0 => Err(Kind::Usage.because("a password is needed: it cannot be empty")),
        1..=limits::TEXT_CHARS => Ok(password),
        _ => Err(Kind::Usage.because(format!("a password has at most {} characters", limits::TEXT_CHARS))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn it_has_a_character_at_the_least_and_a_thousand_at_the_most() {
        for (text, is_good) in
            [("", false), (" ", true), (&*"ü".repeat(1_000), true), (&*"a".repeat(1_001), false)]
        {
            assert_eq!(good(Secret::new(text)).is_ok(), is_good, "{} bytes", text.len());
        }
    }

    /// Types these, and notes what was asked.
    #[derive(Debug)]
    struct Typing(RefCell<Vec<&'static str>>, RefCell<Vec<String>>);

    impl Ask for Typing {
        fn tell(&self, _sentence: &str) {}

        fn line(&self, _question: &str) -> Result<String, Failure> {
            panic!("a password would be shown")
        }

        fn hidden(&self, question: &str) -> Result<Secret, Failure> {
            self.1.borrow_mut().push(question.into());
            Ok(Secret::new(self.0.borrow_mut().remove(0)))
        }
    }

    #[test]
    fn on_a_terminal_it_is_asked_for_twice() {
        let typed = |words: [&'static str; 2]| {
            let person = Typing(RefCell::new(words.into()), RefCell::default());
            let given = twice(&person, "ann");
            (given, person.1.into_inner())
        };
        let (given, asked) = typed(["a b", "a b"]);
        assert_eq!(given.unwrap().reveal(), "a b");
        assert_eq!(asked, ["New password of ann: ", "The same again: "]);
        assert!(typed(["a", "b"]).0.unwrap_err().what.contains("not the same"));
        let (given, asked) = typed(["", ""]);
        assert!(given.is_err() && asked.len() == 1, "nobody types an empty one twice");
    }
}
