//! Every endpoint is in the one list: what implements `Endpoint` and is not in it has no route, no docs and
//! no refusal tests.

use super::{File, Finding};
use std::collections::{BTreeMap, BTreeSet};

const SOURCE: &str = "crates/http/src/";
const LIST: &str = "crates/http/src/endpoints.rs";

pub fn findings(files: &[File]) -> Vec<Finding> {
    let ours: Vec<_> = files.iter().filter(|file| file.path.starts_with(SOURCE) && file.is("rs")).collect();
    let listed =
        ours.iter().find(|file| file.path == LIST).map(|file| listed(&file.text)).unwrap_or_default();
    let exports: Exports = ours.iter().flat_map(|file| exports(file)).collect();
    let unlisted =
        ours.iter().flat_map(|file| endpoints(file).into_iter().map(move |endpoint| (file, endpoint)));
    unlisted
        .filter(|(file, (_, name))| names(&path(&module(file), name), &exports).is_disjoint(&listed))
        .map(|(file, (line, name))| {
            file.finding(line, format!("`{name}` is an endpoint outside the list; it should stand in {LIST}"))
        })
        .collect()
}

/// From what is exported under another path to that path.
type Exports = BTreeMap<String, String>;

/// The paths between `endpoints![` and `];`.
fn listed(text: &str) -> BTreeSet<String> {
    let list = text.split_once("\nendpoints![").and_then(|(_, rest)| rest.split_once("];"));
    let lines = list.map_or("", |(list, _)| list).lines().filter(|line| !line.trim_start().starts_with("//"));
    let paths = lines.flat_map(|line| line.split(',')).map(str::trim);
    paths.filter(|path| !path.is_empty()).map(str::to_owned).collect()
}

/// Line and name of each implementation that is not a test's.
fn endpoints(file: &File) -> Vec<(usize, String)> {
    let lines = file.text.lines().enumerate().take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    let implementations = lines.filter_map(|(number, line)| {
        let name = line.trim_start().strip_prefix("impl Endpoint for ")?;
        let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        Some((number + 1, name.to_owned()))
    });
    implementations.collect()
}

/// The module that a file is, seen from the crate's root.
fn module(file: &File) -> String {
    let path = file.path.trim_start_matches(SOURCE).trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" { String::new() } else { path.replace('/', "::") }
}

fn path(module: &str, name: &str) -> String {
    if module.is_empty() { name.into() } else { format!("{module}::{name}") }
}

/// What a module exports from those under it: `pub use users::{Create as UsersCreate};`.
fn exports(file: &File) -> Vec<(String, String)> {
    let module = module(file);
    let uses =
        file.text.split("pub use ").skip(1).filter_map(|rest| rest.split_once(';')).map(|(path, _)| path);
    let mut exports = Vec::new();
    for used in uses {
        let (from, items) = match used.split_once("::{") {
            Some((from, items)) => (from, items.trim_end_matches('}')),
            None => used.rsplit_once("::").unwrap_or(("", used)),
        };
        for item in items.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let (name, exported) = item.split_once(" as ").unwrap_or((item, item));
            let from = from.trim_start_matches("self::");
            exports.push((path(&path(&module, from), name), path(&module, exported)));
        }
    }
    exports
}

/// Every path under which an item is known.
fn names(own: &str, exports: &Exports) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut next = Some(own);
    while let Some(name) = next.filter(|name| !names.contains(*name)) {
        names.insert(name.to_owned());
        next = exports.get(name).map(String::as_str);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn house(list: &str) -> Vec<File> {
        vec![
            file(LIST, &format!("macro_rules! endpoints {{}}\n\nendpoints![\n{list}\n];\n")),
            file(
                "crates/http/src/v1/mod.rs",
                "mod info;\npub mod sessions;\nmod users;\npub use info::Info;\npub use users::{\n    Create as UsersCreate, Delete as UsersDelete,\n};\n",
            ),
            file("crates/http/src/v1/info.rs", "//! Info.\n\nimpl Endpoint for Info {\n"),
            file("crates/http/src/v1/users.rs", "impl Endpoint for Create {}\nimpl Endpoint for Delete {}\n"),
            file("crates/http/src/v1/sessions/mod.rs", "pub use info::Info;\n"),
            file(
                "crates/http/src/v1/sessions/info.rs",
                "impl Endpoint for Info {}\n#[cfg(test)]\nmod tests {\n    impl Endpoint for Probe {}\n}\n",
            ),
        ]
    }

    fn found(list: &str) -> Vec<String> {
        findings(&house(list)).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn listed_endpoints_are_fine_by_whatever_name() {
        let list = "    v1::Info,\n    v1::UsersCreate, v1::UsersDelete,\n    v1::sessions::info::Info,";
        assert_eq!(found(list), [""; 0]);
        assert_eq!(found(&list.replace("info::Info", "Info")), [""; 0]);
    }

    #[test]
    fn an_endpoint_outside_the_list_is_found() {
        assert_eq!(
            found("    v1::Info,\n    // v1::sessions::Info,\n    v1::UsersDelete,"),
            [
                "crates/http/src/v1/users.rs:1: `Create` is an endpoint outside the list; it should stand in crates/http/src/endpoints.rs",
                "crates/http/src/v1/sessions/info.rs:1: `Info` is an endpoint outside the list; it should stand in crates/http/src/endpoints.rs",
            ]
        );
    }
}
