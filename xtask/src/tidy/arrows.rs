//! One direction: which crate of the workspace may stand on which. Tests are free.

use super::Finding;
use crate::workspace::Package;

/// Every crate, and those that it may stand on.
const MAY_STAND_ON: &[(&str, &[&str])] = &[
    (
        "rollcall",
        &["http", "mail", "service", "store", "store-sqlite", "store-postgres", "auth", "demo", "model"],
    ),
    ("rollcall-http", &["service", "auth", "model"]),
    ("rollcall-mail", &["service", "model"]),
    ("rollcall-service", &["index", "store", "auth", "user-agent", "demo", "model"]),
    ("rollcall-index", &["filter", "model"]),
    ("rollcall-filter", &["model"]),
    ("rollcall-store", &["model"]),
    ("rollcall-store-sqlite", &["store", "model"]),
    ("rollcall-store-postgres", &["store", "model"]),
    ("rollcall-auth", &["model"]),
    ("rollcall-user-agent", &["model"]),
    ("rollcall-demo", &[]),
    ("rollcall-model", &[]),
    ("xtask", &[]),
];

/// They put everything together, and nothing stands on them but tests.
const FREE: &[&str] = &["rollcall-testkit", "rollcall-faulty-vfs", "rollcall-bench", "rollcall-fuzz"];

pub fn findings(packages: &[Package]) -> Vec<Finding> {
    packages.iter().filter(|package| !FREE.contains(&&*package.name)).flat_map(of).collect()
}

fn of(package: &Package) -> Vec<Finding> {
    let finding = |what| Finding { path: package.manifest.clone(), line: 1, what };
    let Some((_, allowed)) = MAY_STAND_ON.iter().find(|(name, _)| *name == package.name) else {
        return vec![finding(format!(
            "`{}` has no line in xtask/src/tidy/arrows.rs: say what it may stand on",
            package.name
        ))];
    };
    let short = |name: &str| name.strip_prefix("rollcall-").unwrap_or(name).to_owned();
    let wrong = package.stands_on.iter().filter(|on| !allowed.contains(&&*short(on)));
    wrong
        .map(|on| {
            let may = if allowed.is_empty() { "nothing".into() } else { allowed.join(", ") };
            finding(format!("`{}` stands on `{on}`; it may stand on {may} (tests are free)", package.name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, stands_on: &[&str]) -> Vec<String> {
        let stands_on = stands_on.iter().map(|name| (*name).to_owned()).collect();
        let package = Package { name: name.into(), manifest: "crates/x/Cargo.toml".into(), stands_on };
        findings(&[package]).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn arrows_along_the_one_direction_are_fine() {
        assert_eq!(found("rollcall-http", &["rollcall-service", "rollcall-model"]), [""; 0]);
        assert_eq!(found("rollcall", &["rollcall-store-sqlite"]), [""; 0]);
        assert_eq!(found("rollcall-testkit", &["rollcall", "rollcall-index"]), [""; 0]);
    }

    #[test]
    fn any_other_arrow_is_found() {
        for (name, on) in [
            ("rollcall-http", "rollcall-index"),
            ("rollcall-model", "rollcall-store"),
            ("rollcall-service", "rollcall-store-sqlite"),
            ("rollcall-index", "rollcall-testkit"),
            ("rollcall-demo", "rollcall-model"),
            ("xtask", "rollcall"),
        ] {
            let found = found(name, &[on]);
            assert_eq!(found.len(), 1, "{name} → {on}");
            assert!(
                found[0].starts_with(&format!("crates/x/Cargo.toml:1: `{name}` stands on `{on}`; it may")),
                "{}",
                found[0]
            );
        }
    }

    #[test]
    fn a_new_crate_has_to_be_given_its_arrows() {
        assert!(found("rollcall-new", &[])[0].contains("no line in xtask/src/tidy/arrows.rs"));
    }
}
