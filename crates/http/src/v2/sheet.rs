//! A session as a row of a table for spreadsheets: CSV (RFC 4180), every field in quotes.
//!
//! A program that opens it takes a field for a formula that begins as one does. Agents and names are anybody's text, so
//! such a field gets an apostrophe in front, which those programs take away again.

use super::item::{Tense, factor};
use rollcall_service::index::Row;

/// The first line: the names of the columns.
pub const HEAD: &str = "id,user_id,username,name,device_type,device_name,device_version,os_name,os_version,host,ip,\
                        login_at,seen_at,expires_at,factor\r\n";

/// Appends a row.
pub fn row(out: &mut Vec<u8>, row: &Row<'_>, tense: Tense) {
    let (device, user_id) = (row.device(), row.user_id());
    let (seen_at, factor) = match tense {
        Tense::Present(_) => (Some(row.seen_at().iso()), factor(row.factors())),
        Tense::Past => (None, ""),
    };
    let fields: [&[u8]; 15] = [
        row.id(),
        user_id.as_bytes(),
        row.username_utf8(),
        row.name_utf8().unwrap_or_default(),
        device.device_type.as_str().as_bytes(),
        device.name.as_bytes(),
        device.long_version.as_bytes(),
        device.os_name.as_bytes(),
        device.os_version.as_deref().unwrap_or_default().as_bytes(),
        row.host().as_bytes(),
        row.address(),
        &row.opened_at().iso(),
        seen_at.as_ref().map_or(&[], |at| &at[..]),
        &row.expires_at().iso(),
        factor.as_bytes(),
    ];
    for (i, field) in fields.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        quoted(out, field);
    }
    out.extend_from_slice(b"\r\n");
}

fn quoted(out: &mut Vec<u8>, field: &[u8]) {
    out.push(b'"');
    if matches!(field.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n')) {
        out.push(b'\'');
    }
    for byte in field {
        if *byte == b'"' {
            out.push(b'"');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_one_field_and_no_formula_whatever_it_holds() {
        for (field, written) in [
            ("plain", r#""plain""#),
            ("", r#""""#),
            ("a,\"b\"\r\n", "\"a,\"\"b\"\"\r\n\""),
            ("=1+1", r#""'=1+1""#),
            ("+49", r#""'+49""#),
            ("-x", r#""'-x""#),
            ("@x", r#""'@x""#),
            ("\tx", "\"'\tx\""),
        ] {
            let mut out = Vec::new();
            quoted(&mut out, field.as_bytes());
            assert_eq!(String::from_utf8(out).unwrap(), written);
        }
    }
}
