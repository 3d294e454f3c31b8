//! The one place where a regular expression is read and built: by an engine that is linear in the text that it
//! searches, within bounds on nesting and on the program's size. Case is ignored (Unicode simple case folding).

use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_syntax::hir::Hir;
use rollcall_model::limits::FILTER_NESTING;

/// Reads a pattern; the error says what is wrong with it, in one line.
pub fn parse(pattern: &str) -> Result<Hir, String> {
    // UTF-8 mode refuses what could match other bytes, separators of the index among them: `(?-u:.)`.
    let config = syntax::Config::new().case_insensitive(true).utf8(true).nest_limit(FILTER_NESTING);
    syntax::parse_with(pattern, &config).map_err(|error| match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "it is no regular expression".into(),
    })
}

/// Builds the engine of a pattern, unless its program is larger than the limit. `texts_are_utf8` says whether it
/// searches single texts; else it searches many with separators between.
#[expect(clippy::disallowed_methods, reason = "the one place that builds a regular expression")]
pub fn build(pattern: &Hir, texts_are_utf8: bool, limit: Option<usize>) -> Option<Regex> {
    let config = Regex::config().nfa_size_limit(limit).utf8_empty(texts_are_utf8);
    Regex::builder().configure(config).build_from_hir(pattern).ok()
}
