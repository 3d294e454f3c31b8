//! The catalogue of user agents: what people hold in their hands, how common it is, and how its versions went by.
//!
//! A [`Line`] is one program on one system, written as a form with `{m}` for the hardware and `{0}`, `{1}` for the
//! parts of a release. [`Catalogue::new`] writes every string out once; afterwards a user agent is a shared pointer.
//! A device is so many releases behind the newest and was further behind when it was younger.

use std::sync::Arc;

use crate::random::Random;
use crate::rhythm::DAY_MS;

/// What a program runs on and what sort of program it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    WindowsBrowser,
    WindowsApp,
    MacBrowser,
    MacApp,
    LinuxBrowser,
    LinuxApp,
    AndroidBrowser,
    AndroidApp,
    IphoneBrowser,
    IphoneApp,
    Tablet,
    Television,
    Script,
}

const KINDS: usize = Kind::Script as usize + 1;

/// A make of device as one person has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Device {
    make: u16,
    releases_behind: u8,
}

/// Roughly how long browsers and apps take from one release to the next.
const RELEASE_MS: i64 = 28 * DAY_MS;

struct Line {
    /// How common it is among its kind, for each model.
    weight: u32,
    form: &'static str,
    models: &'static [&'static str],
    /// Newest first; the parts of one are parted by `|`.
    releases: &'static [&'static str],
}

const fn line(weight: u32, form: &'static str, releases: &'static [&'static str]) -> Line {
    Line { weight, form, models: &[""], releases }
}

impl Line {
    const fn on(mut self, models: &'static [&'static str]) -> Self {
        self.models = models;
        self
    }
}

/// One line on one model.
#[derive(Clone, Copy, Debug)]
struct Make {
    first_agent: usize,
    releases: u8,
}

/// Every user agent there is in the workspace, each string once.
#[derive(Debug)]
pub(crate) struct Catalogue {
    agents: Vec<Arc<str>>,
    makes: Vec<Make>,
    by_kind: [Vec<(u32, u16)>; KINDS],
}

impl Catalogue {
    pub(crate) fn new() -> Self {
        let mut catalogue =
            Self { agents: Vec::new(), makes: Vec::new(), by_kind: std::array::from_fn(|_| Vec::new()) };
        for (kind, lines) in LINES {
            for line in lines {
                for model in line.models {
                    catalogue.add(kind, line, model);
                }
            }
        }
        catalogue
    }

    fn add(&mut self, kind: Kind, line: &Line, model: &str) {
        let make = u16::try_from(self.makes.len()).unwrap_or(u16::MAX);
        let releases = u8::try_from(line.releases.len()).unwrap_or(u8::MAX);
        self.by_kind[kind as usize].push((line.weight, make));
        self.makes.push(Make { first_agent: self.agents.len(), releases });
        self.agents
            .extend(line.releases.iter().map(|release| Arc::from(written_out(line.form, model, release))));
    }

    /// Somebody's device of this kind.
    pub(crate) fn device(&self, kind: Kind, random: &mut Random) -> Device {
        let make = *random.weighted(&self.by_kind[kind as usize]);
        let oldest = u32::from(self.makes[usize::from(make)].releases);
        let behind = match random.below(100) {
            0..46 => 0,
            46..68 => 1,
            68..82 => 2 + random.below(2),
            _ => random.below(oldest),
        };
        Device { make, releases_behind: u8::try_from(behind).unwrap_or(u8::MAX) }
    }

    /// What the device called itself that long ago.
    pub(crate) fn agent(&self, device: Device, age_ms: i64) -> Arc<str> {
        let make = self.makes[usize::from(device.make)];
        let younger_by = u8::try_from(age_ms / RELEASE_MS).unwrap_or(u8::MAX);
        let behind = device.releases_behind.saturating_add(younger_by).min(make.releases - 1);
        Arc::clone(&self.agents[make.first_agent + usize::from(behind)])
    }
}

fn written_out(form: &str, model: &str, release: &str) -> String {
    let long = SHORT.iter().fold(form.to_owned(), |form, (short, long)| form.replace(short, long));
    let (first, second) = release.split_once('|').unwrap_or((release, ""));
    long.replace("{m}", model).replace("{0}", first).replace("{1}", second)
}

/// What forms have in common, so that each says only what sets it apart. Later ones may be inside earlier ones.
const SHORT: [(&str, &str); 7] = [
    ("{windows}", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit}"),
    ("{mac}", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {webkit}"),
    ("{linux}", "Mozilla/5.0 (X11; Linux x86_64) {webkit}"),
    ("{android}", "Mozilla/5.0 (Linux; Android {m}) {webkit}"),
    ("{iphone}", "Mozilla/5.0 (iPhone; CPU iPhone OS {0} like Mac OS X) {apple}"),
    ("{webkit}", "AppleWebKit/537.36 (KHTML, like Gecko)"),
    ("{apple}", "AppleWebKit/605.1.15 (KHTML, like Gecko)"),
];

/// Every line. Weights count within a kind; together they call some sixty of a hundred sessions Chrome.
const LINES: [(Kind, &[Line]); KINDS] = [
    (Kind::WindowsBrowser, WINDOWS),
    (Kind::WindowsApp, &[line(1, "{windows} Rocket.Chat/{0} Chrome/{1} Safari/537.36", DESKTOP_APP)]),
    (Kind::MacBrowser, MAC),
    (Kind::MacApp, &[line(1, "{mac} Rocket.Chat/{0} Chrome/{1} Safari/537.36", DESKTOP_APP)]),
    (Kind::LinuxBrowser, LINUX),
    (Kind::LinuxApp, &[line(1, "{linux} Rocket.Chat/{0} Chrome/{1} Safari/537.36", DESKTOP_APP)]),
    (Kind::AndroidBrowser, ANDROID),
    (Kind::AndroidApp, &[line(1, "RC Mobile; android {m}; v{0} ({1})", MOBILE_APP).on(ANDROIDS)]),
    (Kind::IphoneBrowser, IPHONE),
    (Kind::IphoneApp, &[line(1, "RC Mobile; ios {m}; v{0} ({1})", MOBILE_APP).on(IPHONES)]),
    (Kind::Tablet, TABLET),
    (Kind::Television, TELEVISION),
    (Kind::Script, SCRIPT),
];

const WINDOWS: &[Line] = &[
    line(70, "{windows} Chrome/{0}.0.0.0 Safari/537.36", CHROME),
    line(15, "{windows} Chrome/{0}.0.0.0 Safari/537.36 Edg/{0}.0.0.0", CHROME),
    line(11, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}) Gecko/20100101 Firefox/{0}", FIREFOX),
    line(2, "{windows} Chrome/{0}.0.0.0 Safari/537.36 OPR/{1}.0.0.0", OPERA),
    line(1, "{windows} Chrome/{0}.0.0.0 Safari/537.36 Vivaldi/{1}", VIVALDI),
    line(1, "Mozilla/5.0 (Windows NT {m}; Win64; x64) {webkit} Chrome/{0}.0.0.0 Safari/537.36", &["109"])
        .on(&["6.1", "6.3"]),
];

const MAC: &[Line] = &[
    line(64, "{mac} Chrome/{0}.0.0.0 Safari/537.36", CHROME),
    line(23, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {apple} Version/{0} Safari/605.1.15", SAFARI),
    line(7, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:{0}) Gecko/20100101 Firefox/{0}", FIREFOX),
    line(4, "{mac} Chrome/{0}.0.0.0 Safari/537.36 Edg/{0}.0.0.0", CHROME),
    line(1, "{mac} Chrome/{0}.0.0.0 Safari/537.36 OPR/{1}.0.0.0", OPERA),
];

const LINUX: &[Line] = &[
    line(52, "{linux} Chrome/{0}.0.0.0 Safari/537.36", CHROME),
    line(9, "{linux} Chrome/{0} Safari/537.36", CHROME_FULL),
    line(9, "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {webkit} Chrome/{0}.0.0.0 Safari/537.36", CHROME),
    line(9, "Mozilla/5.0 (X11; {m}Linux x86_64; rv:{0}) Gecko/20100101 Firefox/{0}", FIREFOX)
        .on(&["", "Ubuntu; ", "Fedora; "]),
    line(1, "{linux} Chrome/{0}.0.0.0 Safari/537.36 OPR/{1}.0.0.0", OPERA),
];

const ANDROID: &[Line] = &[
    line(32, "{android} Chrome/{0}.0.0.0 Mobile Safari/537.36", CHROME).on(&["10; K"]),
    line(5, "{android} Chrome/{0} Mobile Safari/537.36", CHROME_FULL).on(PHONES),
    line(4, "{android} SamsungBrowser/{0} Chrome/{1}.0.0.0 Mobile Safari/537.36", SAMSUNG).on(&[
        "10; K",
        "15; SAMSUNG SM-S931B",
        "13; SAMSUNG SM-S918B",
    ]),
    line(2, "Mozilla/5.0 (Android {m}; Mobile; rv:{0}) Gecko/{0} Firefox/{0}", FIREFOX).on(&["15", "14"]),
    line(2, "{android} Chrome/{0}.0.0.0 Mobile Safari/537.36 EdgA/{0}.0.0.0", CHROME).on(&["10; K"]),
];

/// Telephones whose Chrome still tells its model.
const PHONES: &[&str] = &[
    "16; Pixel 9",
    "16; Pixel 10 Pro",
    "16; Pixel 8a",
    "15; Pixel 7",
    "15; SM-S921B",
    "14; SM-A546B",
    "14; 23127PN0CG",
    "13; CPH2581",
    "13; XQ-DC54",
    "16; SM-S936B",
    "15; moto g84 5G",
    "14; SM-A155F",
    "12; M2101K6G",
];

const ANDROIDS: &[&str] = &["16", "15", "14", "13", "11"];
const IPHONES: &[&str] = &["26.3", "26.1", "18.7", "18.5", "17.4.1"];

const IPHONE: &[Line] = &[
    line(66, "{iphone} Version/{1} Mobile/15E148 Safari/604.1", SAFARI_IOS),
    line(28, "{iphone} CriOS/{1} Mobile/15E148 Safari/604.1", CHROME_IOS),
    line(3, "{iphone} FxiOS/{1} Mobile/15E148 Safari/605.1.15", &["18_7|148.0", "18_6|145.0", "17_4|124.0"]),
    line(2, "{iphone} Version/18.0 EdgiOS/{1} Mobile/15E148 Safari/604.1", EDGE_IOS),
];

const TABLET: &[Line] = &[
    line(
        3,
        "Mozilla/5.0 (iPad; CPU OS {0} like Mac OS X) {apple} Version/{1} Mobile/15E148 Safari/604.1",
        IPAD,
    ),
    line(1, "{android} Chrome/{0} Safari/537.36", CHROME_FULL).on(&[
        "15; SM-X710",
        "14; SM-T870",
        "14; Pixel Tablet",
    ]),
];

const TELEVISION: &[Line] = &[
    line(
        2,
        "Mozilla/5.0 (SMART-TV; LINUX; Tizen {0}) {webkit} Version/{0} TV Safari/537.36",
        &["8.0", "7.0", "5.0"],
    ),
    line(
        1,
        "Mozilla/5.0 (Web0S; Linux/SmartTV) {webkit} Chrome/{0} Safari/537.36 WebAppManager",
        &["120.0.6099.270", "108.0.5359.211"],
    ),
];

const SCRIPT: &[Line] = &[
    line(4, "curl/{0}", &["8.18.0", "8.17.0", "8.14.1", "8.5.0", "7.88.1"]),
    line(4, "python-requests/{0}", &["2.32.5", "2.32.3", "2.31.0", "2.28.1"]),
    line(2, "Go-http-client/1.1", &[""]),
    line(1, "node", &[""]),
];

const CHROME: &[&str] =
    &["146", "145", "144", "143", "142", "141", "140", "139", "138", "136", "134", "131", "126"];
const CHROME_FULL: &[&str] = &[
    "146.0.7680.71",
    "145.0.7632.109",
    "144.0.7559.133",
    "143.0.7499.146",
    "142.0.7444.171",
    "138.0.7204.179",
];
const CHROME_IOS: &[&str] = &[
    "26_3|146.0.7680.40",
    "26_2|145.0.7632.41",
    "26_1|143.0.7499.92",
    "18_6|140.0.7339.122",
    "17_7|131.0.6778.73",
];
const EDGE_IOS: &[&str] = &["18_7|145.0.3800.58", "18_6|140.0.3485.54"];
const FIREFOX: &[&str] = &["148.0", "147.0", "146.0", "145.0", "144.0", "140.0", "128.0", "115.0"];
const OPERA: &[&str] = &["144|128", "142|126", "140|124", "138|122"];
const VIVALDI: &[&str] = &["144|7.8.3925.66", "140|7.6.3797.63"];
const SAMSUNG: &[&str] = &["29.0|136", "28.0|130", "27.0|125", "25.0|121"];
const SAFARI: &[&str] = &["26.3", "26.2", "26.1", "26.0", "18.6", "18.5", "18.3.1", "17.6", "16.6"];
/// The system in the string stopped at 18.7; only Safari's own version goes on.
const SAFARI_IOS: &[&str] = &[
    "18_7|26.3",
    "18_7|26.2",
    "18_6|26.1",
    "18_6|26.0",
    "18_6|18.6",
    "18_5|18.5",
    "18_3_2|18.3",
    "17_6_1|17.6",
    "16_7_11|16.6",
    "15_8_4|15.6.6",
];
const IPAD: &[&str] = &["18_7|26.3", "18_6|26.1", "18_5|18.5", "17_6_1|17.6", "16_7|16.6"];
const DESKTOP_APP: &[&str] = &[
    "4.10.2|140.0.7339.133 Electron/38.2.2",
    "4.9.2|138.0.7204.168 Electron/37.2.5",
    "4.8.1|136.0.7103.149 Electron/36.4.0",
    "4.6.0|134.0.6998.205 Electron/35.2.1",
    "4.4.0|132.0.6834.210 Electron/34.5.0",
    "4.1.2|126.0.6478.234 Electron/31.7.3",
    "3.9.15|114.0.5735.289 Electron/25.8.4",
];
const MOBILE_APP: &[&str] =
    &["4.69.0|57120", "4.68.1|56704", "4.66.0|55811", "4.62.0|54237", "4.57.1|52760", "4.47.0|50123"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_form_is_written_out_and_no_two_are_alike() {
        let catalogue = Catalogue::new();
        let mut seen = BTreeSet::new();
        for agent in &catalogue.agents {
            assert!(!agent.contains(['{', '}', '|']), "{agent}");
            assert!(agent.is_ascii() && agent.len() < 200 && agent.trim() == &**agent, "{agent}");
            assert!(seen.insert(agent), "{agent}");
        }
        assert!(catalogue.by_kind.iter().all(|makes| !makes.is_empty()));
    }

    #[test]
    fn a_device_was_on_an_older_release_before_and_never_beyond_the_oldest() {
        let catalogue = Catalogue::new();
        let device = Device { make: 0, releases_behind: 1 };
        assert!(catalogue.agent(device, 0).contains("Chrome/145.0.0.0"));
        assert!(catalogue.agent(device, RELEASE_MS - 1).contains("Chrome/145.0.0.0"));
        assert!(catalogue.agent(device, RELEASE_MS).contains("Chrome/144.0.0.0"));
        assert!(catalogue.agent(device, 900 * RELEASE_MS).contains("Chrome/126.0.0.0"));
    }

    #[test]
    fn equal_agents_are_one_string() {
        let catalogue = Catalogue::new();
        let device = Device { make: 3, releases_behind: 0 };
        assert!(Arc::ptr_eq(&catalogue.agent(device, 0), &catalogue.agent(device, 1)));
    }
}
