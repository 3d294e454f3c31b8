//! `cargo xtask torture`: the server is killed again and again under load, and held against what was answered.

use crate::step::{self, Failure};
use crate::tools;
use crate::workspace::Workspace;
use std::fmt;

/// The engine that is tortured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    #[default]
    Sqlite,
    Postgres,
}

impl Engine {
    /// The one of this name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Sqlite, Self::Postgres].into_iter().find(|engine| engine.to_string() == name)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// Kills so many times, each after about a second of load; each kill prints a line.
pub fn torture(workspace: &Workspace, kills: u32, engine: Engine) -> Result<(), Failure> {
    tools::need(if engine == Engine::Postgres { tools::TEST } else { tools::BUILD })?;
    let mut cargo = workspace.cargo();
    cargo
        .args(["test", "--locked", "--package", "rollcall", "--test", "process"])
        .args(["--", "every_answer_survives", "--nocapture"])
        .env("ROLLCALL_TEST_KILLS", kills.to_string())
        .env("ROLLCALL_TEST_STORE", engine.to_string());
    step::run(&mut cargo)
}
