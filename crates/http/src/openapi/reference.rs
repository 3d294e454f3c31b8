//! The document as a page: plain HTML, to be read in any browser and searched with its own search.

use super::DOCUMENT;
use serde_json::{Map, Value};
use std::fmt::Write;

/// The page.
pub fn page(document: &Value) -> String {
    let mut out = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Rollcall API</title>\n\
         <link rel=\"stylesheet\" href=\"reference.css\">\n</head>\n<body>\n<main>\n<h1>Rollcall API</h1>\n",
    );
    let info = &document["info"];
    let _ = writeln!(
        out,
        "<p>{} {} Version {}; the same as <a href=\"{DOCUMENT}\">OpenAPI {}</a>.</p>",
        words(text(&info["summary"])),
        words(text(&info["description"])),
        escape(text(&info["version"])),
        escape(text(&document["openapi"])),
    );
    for tag in document["tags"].as_array().into_iter().flatten() {
        let name = text(&tag["name"]);
        let _ = writeln!(out, "<h2 id=\"{0}\">{0}</h2>\n<p>{1}</p>", name, words(text(&tag["description"])));
        for (path, methods) in members(&document["paths"]) {
            for (method, operation) in members(methods) {
                if text(&operation["tags"][0]) == name {
                    self::operation(&mut out, path, method, operation);
                }
            }
        }
    }
    out.push_str("<h2 id=\"schemas\">Schemas</h2>\n");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let name = escape(name);
        let _ = writeln!(out, "<section id=\"schema-{name}\">\n<h3>{name}</h3>");
        described(&mut out, schema);
        self::schema(&mut out, schema);
        out.push_str("</section>\n");
    }
    out.push_str("</main>\n</body>\n</html>\n");
    out
}

fn operation(out: &mut String, path: &str, method: &str, operation: &Value) {
    let _ = writeln!(
        out,
        "<details id=\"{}\">\n<summary><span class=\"method\">{}</span> <code>{}</code> <span>{}</span></summary>",
        escape(text(&operation["operationId"])),
        escape(&method.to_ascii_uppercase()),
        escape(path),
        words(text(&operation["summary"])),
    );
    described(out, operation);
    let parameters: Vec<_> = operation["parameters"].as_array().into_iter().flatten().collect();
    if !parameters.is_empty() {
        out.push_str(
            "<h4>Parameters</h4>\n<table>\n<tr><th>name</th><th>in</th><th>type</th><th></th></tr>\n",
        );
        for parameter in parameters {
            let _ = writeln!(
                out,
                "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escape(text(&parameter["name"])),
                if parameter["required"] == true { " <em>required</em>" } else { "" },
                escape(text(&parameter["in"])),
                kind(&parameter["schema"]),
                words(text(&parameter["description"])),
            );
        }
        out.push_str("</table>\n");
    }
    for (_, content) in members(&operation["requestBody"]["content"]) {
        out.push_str("<h4>Body</h4>\n");
        schema(out, &content["schema"]);
    }
    out.push_str("<h4>Answers</h4>\n<table>\n<tr><th>status</th><th></th><th>content</th></tr>\n");
    for (status, response) in members(&operation["responses"]) {
        let content = members(&response["content"])
            .map(|(name, content)| format!("<code>{}</code> {}", escape(name), kind(&content["schema"])));
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(status),
            words(text(&response["description"])),
            content.collect::<Vec<_>>().join("<br>"),
        );
    }
    out.push_str("</table>\n</details>\n");
}

/// An object's members in a table; anything else in a word.
fn schema(out: &mut String, schema: &Value) {
    let Some(properties) = schema["properties"].as_object() else {
        let _ = writeln!(out, "<p>{}</p>", kind(schema));
        return;
    };
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().map(text).collect();
    out.push_str("<table>\n<tr><th>name</th><th>type</th><th></th></tr>\n");
    for (name, property) in properties {
        let _ = writeln!(
            out,
            "<tr><td><code>{}</code>{}</td><td>{}</td><td>{}</td></tr>",
            escape(name),
            if required.contains(&&**name) { "" } else { " <em>optional</em>" },
            kind(property),
            words(text(&property["description"])),
        );
    }
    out.push_str("</table>\n");
}

/// A schema in a word, with a link where it has a section.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    if let Some(values) = schema["enum"].as_array() {
        return listed(values, |value| format!("<code>{}</code>", escape(text(value))));
    }
    if let Some(value) = schema["const"].as_str() {
        return format!("<code>{}</code>", escape(value));
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        if let Some(kinds) = schema[several].as_array() {
            return listed(kinds, kind);
        }
    }
    let named = match &schema["type"] {
        Value::Array(names) => listed(names, |name| escape(text(name))),
        name => escape(text(name)),
    };
    match (&*named, schema["format"].as_str(), schema["maxLength"].as_u64()) {
        ("array", ..) => format!("list of {}", kind(&schema["items"])),
        ("object", ..) if schema["additionalProperties"].is_object() => {
            format!("object of {}", kind(&schema["additionalProperties"]))
        }
        ("string", Some(format), _) => escape(format),
        ("string", _, Some(chars)) => format!("text, at most {chars} characters"),
        ("string", ..) => "text".into(),
        ("", ..) => "anything".into(),
        _ => named,
    }
}

fn listed(values: &[Value], each: impl Fn(&Value) -> String) -> String {
    values.iter().map(each).collect::<Vec<_>>().join(" or ")
}

fn described(out: &mut String, of: &Value) {
    for paragraph in text(&of["description"]).split('\n').filter(|paragraph| !paragraph.is_empty()) {
        let _ = writeln!(out, "<p>{}</p>", words(paragraph));
    }
}

/// Text with its `code`.
fn words(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let part = |(i, part)| if i % 2 == 1 { format!("<code>{}</code>", escape(part)) } else { escape(part) };
    parts.map(part).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
