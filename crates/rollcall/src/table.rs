//! A table that a person can read at any width: columns are chosen, then cells are cut.

use crate::clean::{cut, width};

/// Between two columns.
const GAP: &str = "  ";
/// No column is wider on a terminal, as long as others want room.
const WIDE: usize = 40;
/// Columns of this rank and above come in only where no other is cut for them, unless it is very wide.
pub const SPARE: u8 = 100;

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// What stands over it.
    pub title: &'static str,
    /// Which columns are left out first when there is no room: those with the highest number. One with 0
    /// always stays.
    pub rank: u8,
    /// The width below which it is left out instead; `None` when its cells may not be cut.
    pub least: Option<usize>,
    /// One cell for each row, clean.
    pub cells: Vec<String>,
}

/// The table's lines, within a width if there is one.
pub fn table(columns: &[Column], room: Option<usize>) -> Vec<String> {
    let widths = widths(columns, room);
    let rows = columns.iter().map(|column| column.cells.len()).max().unwrap_or(0);
    let shown: Vec<_> = columns.iter().zip(widths).filter_map(|(it, width)| Some((it, width?))).collect();
    let titles = line(shown.iter().map(|(column, width)| (column.title, *width)));
    let cell = |column: &'_ Column, row: usize| column.cells.get(row).cloned().unwrap_or_default();
    let row = |row: usize| {
        let cells: Vec<_> = shown.iter().map(|(column, width)| (cell(column, row), *width)).collect();
        line(cells.iter().map(|(text, width)| (text.as_str(), *width)))
    };
    std::iter::once(titles).chain((0..rows).map(row)).collect()
}

/// How wide each column is; `None` for one that is left out.
fn widths(columns: &[Column], room: Option<usize>) -> Vec<Option<usize>> {
    let natural: Vec<usize> = columns.iter().map(natural).collect();
    let Some(room) = room else { return natural.into_iter().map(Some).collect() };
    let least = |at: usize| columns[at].least.map_or(natural[at], |least| natural[at].min(least));
    let mut by_rank: Vec<usize> = (0..columns.len()).collect();
    by_rank.sort_by_key(|at| columns[*at].rank);
    let (mut widths, mut left) = (vec![None; columns.len()], room);
    for at in by_rank.iter().copied() {
        let gap = if widths.iter().any(Option::is_some) { GAP.len() } else { 0 };
        if columns[at].rank >= SPARE {
            grow(&mut widths, &natural, WIDE, &mut left);
        }
        let takes = least(at) + gap;
        if takes <= left || columns[at].rank == 0 {
            widths[at] = Some(least(at));
            left = left.saturating_sub(takes);
        } else {
            // What weighs less does not come in before what weighs more.
            break;
        }
    }
    for limit in [WIDE, usize::MAX] {
        grow(&mut widths, &natural, limit, &mut left);
    }
    widths
}

/// Gives what is left of the room to the columns that want it, one by one.
fn grow(widths: &mut [Option<usize>], natural: &[usize], limit: usize, left: &mut usize) {
    let mut grew = true;
    while grew && *left > 0 {
        grew = false;
        for (width, natural) in widths.iter_mut().zip(natural) {
            if let Some(width) = width.as_mut().filter(|width| **width < (*natural).min(limit))
                && *left > 0
            {
                *width += 1;
                *left -= 1;
                grew = true;
            }
        }
    }
}

fn natural(column: &Column) -> usize {
    column.cells.iter().map(|cell| width(cell)).max().unwrap_or(0).max(width(column.title))
}

/// One line, without white space at its end.
fn line<'a>(cells: impl Iterator<Item = (&'a str, usize)>) -> String {
    let mut line = String::new();
    for (at, (text, columns)) in cells.enumerate() {
        if at > 0 {
            line.push_str(GAP);
        }
        let text = cut(text, columns);
        line.push_str(&text);
        line.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&text))));
    }
    line.truncate(line.trim_end().len());
    line
}

/// A number as people read it: `1,234`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How wide lines may be: what `COLUMNS` says, or else the terminal; `None` for no limit.
pub fn room(columns: Option<&str>, terminal: Option<u16>) -> Option<usize> {
    let said = columns.and_then(|columns| columns.trim().parse().ok());
    said.filter(|columns| *columns > 0).or_else(|| terminal.map(usize::from).filter(|columns| *columns > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |title, rank, least, cells: [&str; 2]| Column {
            title,
            rank,
            least,
            cells: cells.map(str::to_owned).to_vec(),
        };
        vec![
            column("SESSION", 0, None, ["8Zfjixtr2ib8YGXjM", "Kd2"]),
            column("NAME", 2, Some(6), ["Saoirse van den Berg", "王小明先生と友達"]),
            column("DEVICE", 1, Some(6), ["Chrome 145", ""]),
        ]
    }

    #[test]
    fn without_a_limit_all_is_shown() {
        let lines = table(&columns(), None);
        assert_eq!(
            lines,
            [
                "SESSION            NAME                  DEVICE",
                "8Zfjixtr2ib8YGXjM  Saoirse van den Berg  Chrome 145",
                "Kd2                王小明先生と友達",
            ]
        );
    }

    #[test]
    fn cells_are_cut_before_columns_are_left_out() {
        assert_eq!(
            table(&columns(), Some(40)),
            [
                "SESSION            NAME        DEVICE",
                "8Zfjixtr2ib8YGXjM  Saoirse v…  Chrome 1…",
                "Kd2                王小明先…",
            ]
        );
        assert_eq!(
            table(&columns(), Some(30)),
            ["SESSION            DEVICE", "8Zfjixtr2ib8YGXjM  Chrome 145", "Kd2"]
        );
        assert_eq!(table(&columns(), Some(5)), ["SESSION", "8Zfjixtr2ib8YGXjM", "Kd2"]);
    }

    #[test]
    fn a_spare_column_cuts_no_other() {
        let mut columns = columns();
        columns[2].rank = SPARE;
        let titles = |room| table(&columns, Some(room)).remove(0);
        assert_eq!(titles(40), "SESSION            NAME");
        assert_eq!(titles(46), "SESSION            NAME");
        assert_eq!(titles(47), "SESSION            NAME                  DEVICE");
    }

    #[test]
    fn no_line_is_wider_than_the_room() {
        for room in 17..80 {
            let lines = table(&columns(), Some(room));
            assert!(lines.iter().all(|line| width(line) <= room), "{room}: {lines:#?}");
        }
    }

    #[test]
    fn the_order_of_leaving_out_is_that_of_ranks() {
        let mut shown = 1;
        for room in 17..80 {
            let titles = table(&columns(), Some(room))[0].split_whitespace().count();
            assert!(titles >= shown, "more room never shows less: {room}");
            shown = titles;
        }
        assert_eq!(shown, 3);
    }

    #[test]
    fn a_table_without_rows_has_its_titles() {
        let columns: Vec<_> =
            columns().into_iter().map(|column| Column { cells: vec![], ..column }).collect();
        assert_eq!(table(&columns, Some(80)), ["SESSION  NAME  DEVICE"]);
        assert_eq!(table(&[], Some(80)), [""]);
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_234, "1,234"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn the_variable_comes_before_the_terminal() {
        assert_eq!(room(Some("60"), Some(80)), Some(60));
        assert_eq!(room(Some("60"), None), Some(60));
        assert_eq!(room(Some("wide"), Some(80)), Some(80));
        assert_eq!(room(Some("0"), None), None);
        assert_eq!(room(None, Some(0)), None);
    }
}
