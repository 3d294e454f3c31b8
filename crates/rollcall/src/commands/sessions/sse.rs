//! Server-sent events, as the HTML standard says they are read.

use std::io::{self, BufRead, ErrorKind};

/// No line of an event is longer.
const LINE_BYTES_MAX: usize = 1 << 20;

/// An event.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// What it is called.
    pub name: String,
    /// What it says.
    pub data: String,
}

/// A stream of them.
#[derive(Debug)]
pub struct Events<R> {
    input: R,
    /// The last id that was told; empty when there is none.
    pub last_id: String,
}

impl<R: BufRead> Events<R> {
    /// Events from here on; `last_id` is what was told before.
    pub fn of(input: R, last_id: String) -> Self {
        Self { input, last_id }
    }

    /// The next event; `None` at the end of the stream. Comments are passed over.
    pub fn next(&mut self) -> io::Result<Option<Event>> {
        let mut event = Event::default();
        let mut data: Option<String> = None;
        while let Some(line) = self.line()? {
            if line.is_empty() {
                if let Some(data) = data.take() {
                    return Ok(Some(Event { data, ..event }));
                }
                event = Event::default();
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => event.name = value.into(),
                "data" => {
                    data = Some(data.map_or_else(|| value.into(), |before| format!("{before}\n{value}")));
                }
                "id" if !value.contains('\0') => self.last_id = value.into(),
                _ => {}
            }
        }
        // What has no empty line behind it was cut off.
        Ok(None)
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        loop {
            let there = self.input.fill_buf()?;
            if there.is_empty() {
                return Ok(None);
            }
            let end = there.iter().position(|byte| *byte == b'\n');
            line.extend_from_slice(&there[..end.unwrap_or(there.len())]);
            let taken = end.map_or(there.len(), |end| end + 1);
            self.input.consume(taken);
            if line.len() > LINE_BYTES_MAX {
                return Err(io::Error::new(ErrorKind::InvalidData, "a line is too long"));
            }
            if end.is_some() {
                line.pop_if(|last| *last == b'\r');
                return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> (Vec<(String, String)>, String) {
        let mut events = Events::of(io::BufReader::with_capacity(3, text), "before".into());
        let mut all = Vec::new();
        while let Some(event) = events.next().unwrap() {
            all.push((event.name, event.data));
        }
        (all, events.last_id)
    }

    fn event(name: &str, data: &str) -> (String, String) {
        (name.into(), data.into())
    }

    #[test]
    fn events_have_names_data_and_ids() {
        let text = b": hello\n\nid: 7\nevent: opened\ndata: {\"a\":1}\n\nevent:ended\r\ndata:x\r\ndata: y\r\n\r\nretry: 5\n\n";
        let (events, last) = read(text);
        assert_eq!(events, [event("opened", "{\"a\":1}"), event("ended", "x\ny")]);
        assert_eq!(last, "7");
    }

    #[test]
    fn an_empty_id_forgets_the_one_before() {
        assert_eq!(read(b"id\nevent: missed\ndata: {}\n\n"), (vec![event("missed", "{}")], String::new()));
        assert_eq!(read(b"data: x\n\n").1, "before");
    }

    #[test]
    fn what_is_cut_off_is_no_event() {
        assert_eq!(read(b"event: opened\ndata: {}").0, []);
        assert_eq!(read(b"event: opened\ndata: {}\n").0, []);
        assert_eq!(read(b"").0, []);
    }

    #[test]
    fn a_line_has_a_longest_length() {
        let endless = io::BufReader::new(io::repeat(b'a'));
        assert!(Events::of(endless, String::new()).next().is_err());
    }
}
