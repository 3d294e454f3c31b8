//! Where the workspace is and what it holds, as cargo tells it.

use crate::step::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The workspace.
pub struct Workspace {
    /// Its root folder.
    pub root: PathBuf,
    /// Where cargo builds.
    pub target: PathBuf,
    /// Its packages.
    pub packages: Vec<Package>,
}

/// How the server is built.
#[derive(Clone, Copy)]
pub enum Build {
    Debug,
    Release,
}

/// A package of the workspace, and the packages of the workspace that it stands on.
#[derive(Debug, PartialEq, Eq)]
pub struct Package {
    pub name: String,
    /// Its manifest, under the root.
    pub manifest: String,
    pub stands_on: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub fn read() -> Result<Self, Failure> {
        // Set by `cargo run`; else where this program was built.
        let manifest =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let output = cargo(Path::new(&manifest))
            .args(["metadata", "--no-deps", "--format-version", "1", "--locked"])
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::new(format!("cargo cannot start: {error}")))?;
        if !output.status.success() {
            return Err(Failure::new("cargo cannot read the workspace; see above"));
        }
        serde_json::from_slice(&output.stdout)
            .ok()
            .and_then(|value| Self::from_metadata(&value))
            .ok_or_else(|| Failure::new("`cargo metadata` gave something else than expected"))
    }

    fn from_metadata(value: &Value) -> Option<Self> {
        let root = PathBuf::from(value["workspace_root"].as_str()?);
        let packages =
            value["packages"].as_array()?.iter().map(|package| Package::from_metadata(package, &root));
        let packages = packages.collect::<Option<_>>()?;
        Some(Self { target: value["target_directory"].as_str()?.into(), packages, root })
    }

    /// Cargo, at the root.
    pub fn cargo(&self) -> Command {
        cargo(&self.root)
    }

    /// Any other program, at the root.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// A path as one would type it at the root.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }

    /// The server, built for release or, quickly, for looking for faults.
    pub fn build_server(&self, build: Build) -> Result<PathBuf, Failure> {
        let mut cargo = self.cargo();
        cargo.args(["build", "--locked", "--package", "rollcall"]);
        let folder = match build {
            Build::Debug => "debug",
            Build::Release => {
                cargo.arg("--release");
                "release"
            }
        };
        crate::step::run(&mut cargo)?;
        Ok(self.target.join(folder).join("rollcall"))
    }
}

impl Package {
    fn from_metadata(value: &Value, root: &Path) -> Option<Self> {
        let manifest = Path::new(value["manifest_path"].as_str()?);
        // A dependency by path is one inside the workspace. What tests stand on is free.
        let ours = value["dependencies"]
            .as_array()?
            .iter()
            .filter(|on| on["path"].is_string() && on["kind"] != "dev");
        Some(Self {
            name: value["name"].as_str()?.into(),
            manifest: manifest.strip_prefix(root).unwrap_or(manifest).display().to_string(),
            stands_on: ours.map(|on| on["name"].as_str().map(str::to_owned)).collect::<Option<_>>()?,
        })
    }
}

fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn metadata_is_read() {
        let dependency =
            |name: &str, kind: Value, path: Value| json!({ "name": name, "kind": kind, "path": path });
        let value = json!({
            "workspace_root": "/house",
            "target_directory": "/house/target",
            "packages": [{
                "name": "rollcall-http",
                "manifest_path": "/house/crates/http/Cargo.toml",
                "dependencies": [
                    dependency("axum", Value::Null, Value::Null),
                    dependency("rollcall-model", Value::Null, json!("/house/crates/model")),
                    dependency("rollcall-demo", json!("build"), json!("/house/crates/demo")),
                    dependency("rollcall-testkit", json!("dev"), json!("/house/crates/testkit")),
                ],
            }],
        });
        let workspace = Workspace::from_metadata(&value).unwrap();
        assert_eq!(workspace.shown(&workspace.target.join("demo")), "target/demo");
        assert_eq!(
            workspace.packages,
            [Package {
                name: "rollcall-http".into(),
                manifest: "crates/http/Cargo.toml".into(),
                stands_on: vec!["rollcall-model".into(), "rollcall-demo".into()],
            }]
        );
        assert!(Workspace::from_metadata(&json!({})).is_none());
    }
}
