//! The half of docs/reference that is printed from the code, and compared with it by a test.

use crate::endpoint::{Declaration, Rate, Record, StepUp, Version, Who, WithoutFactor};
use crate::endpoints::declarations;
use crate::guard;
use crate::input::{Field, Kind, Unknown};
use crate::openapi;
use crate::refusal::Refusal;
use crate::v1::errors::{samples, wire};
use crate::v2::problem;
use rollcall_model::{Grants, Permission, Role, Scopes};
use std::fmt::Write;

const PRINTED: &str = "<!-- Printed from the code by `cargo xtask docs`; edits here are lost. -->\n\n";

/// The printed pages: file name and text.
pub fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("endpoints.md", endpoints()),
        ("permissions.md", permissions()),
        ("errors.md", errors()),
        ("problems.md", problems()),
        ("openapi.json", format!("{:#}\n", openapi::document())),
    ]
}

fn endpoints() -> String {
    let mut page = format!(
        "{PRINTED}# Endpoints\n\n\
         The guard asks in this order: credentials, permission, parameters, rights that depend on them, rate \
         limit, second factor. See [rest.md](rest.md). A `CALL` is a method of the socket protocol; over HTTP it \
         is called through `POST /api/v1/method.call/{{method}}`, see [step-up.md](step-up.md).\n\n\
         A service token calls what names a scope in the column for it, with that scope, and is asked for no second \
         factor.\n\n\
         | endpoint | who | permission | service tokens | second factor | without a factor that is required | \
         rate limit | told to the ledger |\n|---|---|---|---|---|---|---|---|\n"
    );
    let all = declarations();
    for declaration in &all {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            routes(declaration),
            who(declaration.who),
            permission(declaration),
            scopes(declaration),
            match declaration.step_up {
                StepUp::No => "–",
                StepUp::Within => "asked where it is needed",
                StepUp::Required => "asked",
                StepUp::Always => "asked anew",
            },
            if declaration.without_factor == WithoutFactor::Allowed { "answered" } else { "refused" },
            match declaration.rate {
                Rate::Default => "by address; not holders of `api-bypass-rate-limit`",
                Rate::SignIn => "by address, everybody; `resume` by connection",
                Rate::Principal => "by principal",
                Rate::Uncounted => "–",
            },
            if declaration.record == Record::Read { "reads" } else { "–" },
        );
    }
    for declaration in &all {
        let _ = write!(page, "\n## {}\n\n{}.\n", routes(declaration), declaration.summary);
        parameters(&mut page, "Query", declaration.query, declaration.query_unknown);
        parameters(&mut page, "Body", declaration.body, declaration.body_unknown);
        let _ = writeln!(page, "\nRefused by the guard: {}.", refusals(declaration).join(", "));
    }
    page
}

/// What the guard may refuse a call with, in its order, as it is said.
fn refusals(declaration: &Declaration) -> Vec<String> {
    let said = |refusal: &Refusal| {
        if declaration.version() == Version::V2 {
            let problem = problem::problem(refusal);
            let name = problem.body["type"].as_str().unwrap_or_default();
            return format!("{} `{}`", problem.status, name.trim_start_matches("/problems/"));
        }
        let wire = wire(refusal);
        let code = wire.body.error_type().map_or_else(String::new, |code| format!(" `{code}`"));
        format!("{}{code}", wire.status)
    };
    let mut all: Vec<_> = guard::refusals(declaration).iter().map(said).collect();
    all.dedup();
    all
}

fn routes(declaration: &Declaration) -> String {
    let each = declaration.routes.iter().map(|route| format!("`{} {}`", route.method.as_str(), route.path));
    each.collect::<Vec<_>>().join(", ")
}

const fn who(who: Who) -> &'static str {
    match who {
        Who::Anyone => "anyone",
        Who::Optional => "anyone; more to some",
        Who::SignedIn => "signed in",
    }
}

fn scopes(declaration: &Declaration) -> String {
    let each: Vec<_> =
        declaration.scopes().iter().map(|permission| format!("`{}`", permission.as_str())).collect();
    if each.is_empty() { "–".into() } else { each.join(" or ") }
}

fn permission(declaration: &Declaration) -> String {
    let mut asked = Vec::new();
    if let Some((permissions, _)) = declaration.needs.permissions() {
        let each: Vec<_> =
            permissions.iter().map(|permission| format!("`{}`", permission.as_str())).collect();
        asked.push(each.join(" or "));
    }
    for (when, permission, _) in &declaration.of_target {
        asked.push(format!("`{}` when {when}", permission.as_str()));
    }
    if asked.is_empty() { "–".into() } else { asked.join("; ") }
}

fn parameters(page: &mut String, place: &str, fields: &[Field], unknown: Unknown) {
    if fields.is_empty() {
        return;
    }
    let others = match unknown {
        Unknown::Refused => "other names are refused",
        Unknown::Ignored => "other names are passed over",
        Unknown::IgnoredWithFaults => "other names, and whatever cannot be used, are passed over",
    };
    let _ = write!(page, "\n{place} ({others}):\n\n| name | type | |\n|---|---|---|\n");
    rows(page, "", fields);
}

fn rows(page: &mut String, within: &str, fields: &[Field]) {
    for field in fields {
        let kind = match field.kind {
            Kind::Number => "number from 0".into(),
            Kind::Text(chars) => format!("text, at most {chars} characters"),
            Kind::Instant => "an instant: date, or date and time".into(),
            Kind::Boolean => "true or false".into(),
            Kind::List => "list of text".into(),
            Kind::Object | Kind::Fields(_) => "object".into(),
            Kind::Objects => "list of objects".into(),
            Kind::Any => "see [sign-in.md](sign-in.md)".into(),
        };
        let need = match field {
            Field { required: true, .. } => "Required",
            Field { one_of: true, .. } => "Exactly one of these",
            _ => "",
        };
        let name = format!("{within}{}", field.name);
        let said = [need, field.meaning].into_iter().filter(|words| !words.is_empty());
        let _ = writeln!(page, "| `{name}` | {kind} | {} |", said.collect::<Vec<_>>().join(". "));
        if let Kind::Fields(fields) = field.kind {
            rows(page, &format!("{name}."), fields);
        }
    }
}

fn permissions() -> String {
    let mut page = format!(
        "{PRINTED}# Permissions and roles\n\n\
         What a new workspace has. A user holds a permission when one of its roles does; a change applies to \
         the very next request. Some can be scopes of service tokens ([v2.md](v2.md#service-tokens)).\n\n\
         | permission | roles | scope |\n|---|---|---|\n"
    );
    let grants = Grants::defaults();
    for permission in Permission::ALL {
        let roles: Vec<_> = grants.roles(*permission).iter().map(Role::as_str).collect();
        let scope = if Scopes::ALL.contains(permission) { "yes" } else { "" };
        let _ = writeln!(page, "| `{}` | {} | {scope} |", permission.as_str(), roles.join(", "));
    }
    page.push_str("\n| role | scope |\n|---|---|\n");
    for role in Role::ALL {
        let _ = writeln!(page, "| `{}` | {} |", role.as_str(), role.scope());
    }
    page
}

fn errors() -> String {
    let mut page =
        format!("{PRINTED}# Refusals\n\nEvery refusal of API v1, with an example of its body.\n\n");
    page.push_str("| status | body |\n|---|---|\n");
    let mut all: Vec<_> = samples().iter().map(wire).collect();
    all.sort_by_key(|wire| wire.status);
    for wire in all {
        let body = serde_json::to_string(&wire.body).unwrap_or_default();
        let line = format!("| {} | `{body}` |\n", wire.status);
        // Different refusals may be said alike.
        if !page.contains(&line) {
            page.push_str(&line);
        }
    }
    page
}

fn problems() -> String {
    let mut page = format!(
        "{PRINTED}# Problems\n\nWhat API v2 refuses with: problem documents (RFC 9457), as `application/problem+json`. A \
         `type` is a path, `/problems/NAME`; `title` says what is the matter and `detail` what to do.\n\n\
         | status | name | title | further members |\n|---|---|---|---|\n"
    );
    let mut all: Vec<_> = samples().iter().chain(&problem::samples()).map(problem::problem).collect();
    all.sort_by(|a, b| (a.status, a.body["type"].as_str()).cmp(&(b.status, b.body["type"].as_str())));
    for problem in all {
        let text = |name: &str| problem.body[name].as_str().unwrap_or_default();
        let further = problem.body.as_object().into_iter().flat_map(|members| members.keys());
        let further: Vec<_> = further
            .filter(|name| !["type", "title", "status", "detail"].contains(&name.as_str()))
            .map(|name| format!("`{name}`"))
            .collect();
        let name = text("type").trim_start_matches("/problems/");
        let line =
            format!("| {} | `{name}` | {} | {} |\n", problem.status, text("title"), further.join(", "));
        if !page.contains(&line) {
            page.push_str(&line);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_printed_pages_are_as_the_code_says() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
        for (name, text) in super::pages() {
            let printed = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
            assert_eq!(printed, text, "{name}: run `cargo xtask docs`");
        }
    }
}
