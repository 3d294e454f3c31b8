//! A user agent as words.
//!
//! Agents are nearly `product/version (comment; comment) product/version …`, but comments nest, stay open and
//! stand in the wrong place. So nothing depends on that structure: the text is cut at brackets, semicolons and
//! commas into pieces, and a piece at white space into words. A phrase and its number stand in one piece.

/// How many characters of a header name a desktop app, a browser and a system.
const CHARACTERS_READ_MAX: usize = 500;

/// Stands behind the last word of each piece; no other word is empty.
const PIECE_END: &str = "";

/// The words of a user agent.
pub struct Agent<'a> {
    text: &'a str,
    words: Vec<&'a str>,
}

impl<'a> Agent<'a> {
    /// Cuts the beginning of a header into words.
    pub fn read(header: &'a str) -> Self {
        let end = header.char_indices().nth(CHARACTERS_READ_MAX).map_or(header.len(), |(end, _)| end);
        let text = &header[..end];
        let pieces = text.split(['(', ')', ';', ',']);
        let words = pieces.flat_map(|piece| piece.split_whitespace().chain([PIECE_END])).collect();
        Self { text, words }
    }

    /// What was read of the header.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Whether `word` is one of the words.
    pub fn says(&self, word: &str) -> bool {
        self.words.contains(&word)
    }

    /// The version of the first word `<product>/<version>`; empty when nothing readable follows the slash.
    pub fn version_of(&self, product: &str) -> Option<&'a str> {
        self.words.iter().find_map(|word| word.strip_prefix(product)?.strip_prefix('/')).map(version)
    }

    /// The words that follow the first occurrence of `phrase`, to the end of its piece.
    pub fn after(&self, phrase: &[&str]) -> Option<&[&'a str]> {
        let start = self.words.windows(phrase.len()).position(|words| words == phrase)? + phrase.len();
        self.words[start..].split(|word| *word == PIECE_END).next()
    }

    /// The first word after `phrase`, in its piece, that begins with a digit.
    pub fn number_after(&self, phrase: &[&str]) -> Option<&'a str> {
        self.after(phrase)?
            .iter()
            .find(|word| word.starts_with(|char: char| char.is_ascii_digit()))
            .map(|word| version(word))
    }

    /// The version of the word `rv:<version>`.
    pub fn revision(&self) -> Option<&'a str> {
        self.words.iter().find_map(|word| word.strip_prefix("rv:")).map(version)
    }
}

/// The version that `text` begins with.
pub fn version(text: &str) -> &str {
    leading(text, |char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-'))
}

/// The longest beginning of `text` of which every character is `allowed`.
pub fn leading(text: &str, allowed: impl Fn(char) -> bool) -> &str {
    &text[..text.find(|char| !allowed(char)).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    const NESTED: &str =
        "Mozilla/5.0 (Linux; Android 9; moto g(60) s; wv) Version/4.0,x Firefox/4.0b6,gzip(gfe)";

    #[test]
    fn words_are_cut_at_brackets_semicolons_commas_and_white_space() {
        let agent = Agent::read(NESTED);
        for word in ["Mozilla/5.0", "Linux", "Android", "9", "g", "60", "s", "wv", "gfe"] {
            assert!(agent.says(word), "{word}");
        }
        assert!(!agent.says("Version"));
    }

    #[test]
    fn a_product_is_a_whole_word_before_the_slash() {
        let agent = Agent::read(NESTED);
        assert_eq!(agent.version_of("Version"), Some("4.0"));
        assert_eq!(agent.version_of("Firefox"), Some("4.0b6"));
        assert_eq!(agent.version_of("fox"), None);
        assert_eq!(agent.version_of("Fire"), None);
        assert_eq!(Agent::read("Chrome/ x").version_of("Chrome"), Some(""));
    }

    #[test]
    fn a_number_belongs_to_a_phrase_of_its_own_piece() {
        let agent = Agent::read("(Windows; 7; Windows NT 6.1; CrOS x86_64 14541.0.0) Mac OS");
        assert_eq!(agent.number_after(&["Windows", "NT"]), Some("6.1"));
        assert_eq!(agent.number_after(&["Windows"]), None);
        assert_eq!(agent.number_after(&["CrOS"]), Some("14541.0.0"));
        assert_eq!(agent.number_after(&["Mac", "OS"]), None);
        assert_eq!(agent.after(&["Mac", "OS"]), Some(&[][..]));
        assert_eq!(agent.after(&["OS", "Mac"]), None);
    }

    #[test]
    fn a_header_is_cut_between_characters() {
        assert_eq!(Agent::read(&"ä".repeat(900)).text(), "ä".repeat(500));
        assert_eq!(Agent::read(&"a".repeat(500)).text().len(), 500);
    }
}
