//! How fast an export is read.

use crate::caller::Caller;
use crate::child::Server;
use crate::drive::count;
use anyhow::{Context, Result, ensure};
use std::time::Instant;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The last chunk, which is empty.
const LAST: &[u8] = b"\r\n0\r\n\r\n";
/// Bytes in which the last line is.
const END: usize = 200;

/// Reads all of it in both forms.
pub async fn measure(server: &Server, caller: &Caller) -> Result<()> {
    for (format, said) in [("ndjson", "{\"whole\":true,\"items\":"), ("csv", "# whole, sessions: ")] {
        let mut socket = TcpStream::connect(server.address).await?;
        let (began, mut bytes, mut end) = (Instant::now(), 0, Vec::new());
        socket.write_all(&caller.get(&format!("/api/v2/sessions/export?format={format}"))).await?;
        let mut buffer = vec![0; 256 << 10];
        while !end.ends_with(LAST) {
            let read = socket.read(&mut buffer).await?;
            ensure!(read > 0, "an export breaks off");
            bytes += read;
            end.extend_from_slice(&buffer[read.saturating_sub(END)..read]);
            end.drain(..end.len().saturating_sub(END));
        }
        let took = began.elapsed().as_secs_f64();
        let end = String::from_utf8_lossy(&end);
        let (_, rows) = end.split_once(said).with_context(|| format!("an export is not whole: {end}"))?;
        let rows: usize = rows.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default().parse()?;
        let [rows_per_s, mb_per_s] = [count(rows) / took, count(bytes) / 1e6 / took];
        println!(
            "export as {format}: {rows} rows in {took:.2} s: {rows_per_s:.0} rows/s, {mb_per_s:.0} MB/s"
        );
    }
    println!();
    Ok(())
}
