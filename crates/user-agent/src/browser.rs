//! Browsers, by the products their agents claim.
//!
//! Nearly every agent claims Safari, most claim Chrome, and the browser that really speaks adds its own name.
//! So names are tried from the rarest claim to the commonest, and the first one made is believed.

use rollcall_model::{Device, DeviceType};

use crate::{agent::Agent, system::System};

/// A browser's name and the products it calls itself.
type Claim = (&'static str, &'static [&'static str]);

/// Names that win over Internet Explorer, Chrome and Safari, in the order in which they win over each other:
/// old Operas also claim Firefox, and `DuckDuckGo` on Windows claims Edge.
const OWN_NAMES: [Claim; 7] = [
    ("Opera", &["OPR", "OPX", "OPT", "OPiOS"]),
    ("DuckDuckGo", &["DuckDuckGo", "Ddg"]),
    ("Vivaldi", &["Vivaldi"]),
    ("Yandex", &["YaBrowser", "YaSearchBrowser"]),
    ("Samsung Internet", &["SamsungBrowser"]),
    ("Edge", &["Edg", "EdgA", "EdgiOS", "Edge"]),
    ("Firefox", &["Firefox", "FxiOS"]),
];

/// Chrome and what is Chrome by another name.
const CHROME: [&str; 6] = ["Chrome", "HeadlessChrome", "CriOS", "CrMo", "Chromium", "Brave"];

/// The browser that `agent` names, if it names one; the short version is left empty.
pub fn device(agent: &Agent) -> Option<Device> {
    let system = System::of(agent);
    let (name, long_version) = opera_presto(agent)
        .or_else(|| OWN_NAMES.iter().find_map(|(name, products)| Some((*name, claimed(agent, products)?))))
        .or_else(|| internet_explorer(agent))
        .or_else(|| chrome(agent))
        .or_else(|| safari(agent, &system))?;
    Some(Device {
        device_type: system.form_factor(agent).unwrap_or(DeviceType::Browser),
        name: name.to_owned(),
        long_version: long_version.to_owned(),
        version: String::new(),
        os_name: system.name.to_owned(),
        os_version: system.version,
    })
}

/// The version of the first of `products` that the agent claims.
fn claimed<'a>(agent: &Agent<'a>, products: &[&str]) -> Option<&'a str> {
    products.iter().find_map(|product| agent.version_of(product))
}

/// Opera before it was built on Chrome: `Opera/9.80 (…) Presto/… Version/12.16`, `Opera/8.5`, `Opera 6.01`.
/// Opera Mini's `Version` is its server's, its own stands in `Opera Mini/…`.
fn opera_presto<'a>(agent: &Agent<'a>) -> Option<(&'static str, &'a str)> {
    let own = agent.version_of("Opera").or_else(|| agent.number_after(&["Opera"]))?;
    Some(("Opera", claimed(agent, &["Mini", "Version"]).unwrap_or(own)))
}

/// `MSIE 10.0`, and since version 11 `Trident/7.0; rv:11.0`.
fn internet_explorer<'a>(agent: &Agent<'a>) -> Option<(&'static str, &'a str)> {
    let version = match agent.after(&["MSIE"]) {
        Some(_) => agent.number_after(&["MSIE"]),
        None => agent.version_of("Trident").map(|_| agent.revision())?,
    };
    Some(("IE", version.unwrap_or_default()))
}

fn chrome<'a>(agent: &Agent<'a>) -> Option<(&'static str, &'a str)> {
    let version = claimed(agent, &CHROME)?;
    let name = if agent.text().contains("; wv)") { "Chrome WebView" } else { "Chrome" };
    Some((name, version))
}

/// The number in `Safari/605.1.15` is a build of the engine, and LINE on iOS leaves even that away.
fn safari<'a>(agent: &Agent<'a>, system: &System) -> Option<(&'static str, &'a str)> {
    if agent.version_of("Safari").is_none() && !agent.says("Safari") {
        return None;
    }
    let name = if system.name == "iOS" { "Mobile Safari" } else { "Safari" };
    Some((name, agent.version_of("Version").unwrap_or_default()))
}
