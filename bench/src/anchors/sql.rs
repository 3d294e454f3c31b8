//! The queries: what is asked, and in which forms.
//!
//! Sessions have the ledger's numbers, and the ledger is in order of time: so the order of sign-in is that of the
//! primary key, and needs no index of its own.

/// Rows of a page.
pub const ROWS: usize = 50;

/// A query.
pub struct Query {
    /// What our index's list of it is called.
    pub list: &'static str,
    /// Forms for SQLite.
    pub sqlite: Vec<Form>,
    /// Forms for PostgreSQL.
    pub postgres: Vec<Form>,
}

/// One way to ask.
pub struct Form {
    /// What is particular about it.
    pub name: &'static str,
    /// Gives a page's rows.
    pub page: String,
    /// Gives how many rows there are.
    pub count: String,
}

/// All queries, on so many sessions.
pub fn queries(sessions: usize) -> Vec<Query> {
    let plain = |list, orders: [&str; 2], offset: usize| {
        let form = |order: &str| {
            // The numbers first, so that no rows are read only to be skipped.
            let numbers = format!("SELECT no FROM sessions ORDER BY {order} LIMIT {ROWS} OFFSET {offset}");
            let count = "SELECT count(*) FROM sessions".into();
            vec![Form { name: "by index", page: page(&numbers, order), count }]
        };
        Query { list, sqlite: form(orders[0]), postgres: form(orders[1]) }
    };
    let last = sessions.saturating_sub(ROWS);
    // A missing name is lowest.
    let by_name = ["name_key, name, no DESC", "name_key NULLS FIRST, name NULLS FIRST, no DESC"];
    vec![
        plain("first page", [NEWEST; 2], 0),
        plain("last page", [NEWEST; 2], last),
        plain("sort _user.name, middle", by_name, sessions / 2),
        filter("filter chrome, first use", &Text::contained("chrome")),
        filter("filter zoe, first use", &Text::contained("zoe")),
        filter("filter nothing-like-this, first use", &Text::contained("nothing-like-this")),
        filter(
            r"filter ^10\.1\., first use",
            &Text { literal: "10.1.", pattern: r"^10\.1\.", at_start: true },
        ),
    ]
}

const NEWEST: &str = "no DESC";

/// What a filter looks for.
struct Text {
    literal: &'static str,
    pattern: &'static str,
    /// At the start of a field only.
    at_start: bool,
}

impl Text {
    const fn contained(literal: &'static str) -> Self {
        Self { literal, pattern: literal, at_start: false }
    }

    /// The literal as it stands in the joined text.
    fn in_lines(&self) -> String {
        format!("{}{}", if self.at_start { "\n" } else { "" }, self.literal)
    }
}

fn filter(list: &'static str, text: &Text) -> Query {
    let (in_lines, Text { literal, pattern, at_start }) = (text.in_lines(), text);
    let joined = |name, table: &str, condition: &str| {
        let newest = if table == "search" { "rowid AS no FROM search" } else { "no FROM texts" };
        let order = if table == "search" { "rowid DESC" } else { NEWEST };
        let numbers = format!("SELECT {newest} WHERE {condition} ORDER BY {order} LIMIT {ROWS}");
        let count = format!("SELECT count(*) FROM {table} WHERE {condition}");
        Form { name, page: page(&numbers, NEWEST), count }
    };
    let by_table = |like: &str| {
        let field = |column: &str| {
            let anywhere = if *at_start { "" } else { "%" };
            format!("{column} {like} '{anywhere}{literal}%'")
        };
        let any =
            |columns: &[&str]| columns.iter().map(|column| field(column)).collect::<Vec<_>>().join(" OR ");
        let condition = format!(
            "client IN (SELECT no FROM clients WHERE {}) OR owner IN (SELECT no FROM users WHERE {}) OR {}",
            any(&["device_name", "device_type", "os_name", "host"]),
            any(&["id", "username", "name"]),
            any(&["ip", "id"]),
        );
        let numbers = format!("SELECT no FROM sessions WHERE {condition} ORDER BY {NEWEST} LIMIT {ROWS}");
        let count = format!("SELECT count(*) FROM sessions WHERE {condition}");
        Form { name: "LIKE, table by table", page: page(&numbers, NEWEST), count }
    };
    let lines =
        |pattern: &str, mode: &str| if *at_start { format!("{mode}{pattern}") } else { pattern.into() };
    Query {
        list,
        sqlite: vec![
            joined("FTS5 trigrams", "search", &format!("search MATCH '\"{in_lines}\"'")),
            joined("LIKE", "texts", &format!("text LIKE '%{in_lines}%'")),
            joined("REGEXP", "texts", &format!("text REGEXP '{}'", lines(pattern, "(?m)"))),
            by_table("LIKE"),
        ],
        postgres: vec![
            joined("ILIKE", "texts", &format!("text ILIKE '%{in_lines}%'")),
            joined("~*", "texts", &format!("text ~* '{}'", lines(pattern, "(?n)"))),
            by_table("ILIKE"),
        ],
    }
}

/// Whole rows of the sessions of these numbers.
fn page(numbers: &str, order: &str) -> String {
    let columns = "s.id, u.id, u.username, u.name, c.fragment, s.ip, s.opened_at";
    let order = order.split(", ").map(|key| format!("s.{key}")).collect::<Vec<_>>().join(", ");
    format!(
        "WITH page AS MATERIALIZED ({numbers}) SELECT {columns} FROM page JOIN sessions AS s ON s.no = page.no \
         JOIN users AS u ON u.no = s.owner JOIN clients AS c ON c.no = s.client ORDER BY {order}"
    )
}
