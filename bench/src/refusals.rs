//! `cargo xtask bench refusals`: whether the time of a refused sign-in tells why it was refused.
//!
//! Unknown user, wrong password, and deactivated user with a wrong password, in turn over one connection, the
//! limits of failures raised; the three samples side by side, and two tests of difference for each pair.

use crate::caller::Caller;
use crate::child::Server;
use crate::client::Connection;
use crate::data;
use crate::drive::count;
use crate::figures::percentile;
use crate::table::Table;
use anyhow::{Result, bail};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::Instant;

/// Sign-ins of each kind before those that are measured.
const WARM_UP: usize = 20;
/// The least chance of a difference at least as great, below which a test separates two samples: one in a
/// hundred, shared by the six tests that are made.
const SEPARATES: f64 = 0.01 / 6.0;

const KINDS: [(&str, &str); 3] =
    [("unknown user", "nobody"), ("wrong password", "known"), ("deactivated, wrong password", "gone")];

/// Measures so many of each and prints what came of it.
pub async fn measure(root: &Path, times: usize) -> Result<()> {
    let directory = root.join("data-refusals");
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    data::administrator(&directory).await?;
    let server = Server::start(&directory, None).await?;
    let admin = Caller::sign_in(server.address).await?;
    for (_, username) in &KINDS[1..] {
        let body = json!({
            "username": username, "name": username, "email": format!("{username}@example.test"),
            "password": "another password", "active": *username == "known",
        });
        admin.post("/api/v1/users.create", &body).await?;
    }
    let mut connection = Connection::open(server.address).await?;
    let mut samples: [Vec<u32>; 3] = Default::default();
    for round in 0..WARM_UP + times {
        for turn in 0..KINDS.len() {
            // Each kind follows each other one equally often.
            let kind = (turn + round) % KINDS.len();
            let body = json!({ "user": KINDS[kind].1, "password": "wrong" });
            let request = admin.request("POST", "/api/v1/login", &body);
            let asked_at = Instant::now();
            let answer = connection.exchange(&request).await?;
            if answer.ok || !answer.body.windows(12).any(|part| part == b"Unauthorized") {
                bail!("answered {}", String::from_utf8_lossy(answer.body));
            }
            if round >= WARM_UP {
                samples[kind].push(u32::try_from(asked_at.elapsed().as_micros())?);
            }
        }
    }
    server.stop()?;
    for sample in &mut samples {
        sample.sort_unstable();
    }
    print(&samples);
    Ok(())
}

fn print(samples: &[Vec<u32>; 3]) {
    let mut table = Table::new(&["refused sign-in", "times", "5 % ms", "median ms", "95 % ms"]);
    for ((kind, _), sample) in KINDS.iter().zip(samples) {
        let at = |hundredths| format!("{:.3}", percentile(sample, hundredths) / 1e3);
        table.row([(*kind).into(), sample.len().to_string(), at(5), at(50), at(95)]);
    }
    println!("{table}");
    let mut table = Table::new(&["pair", "Kolmogorov–Smirnov p", "Mann–Whitney p", "separated"]);
    for (a, b) in [(0, 1), (0, 2), (1, 2)] {
        let (ks, mw) = (kolmogorov_smirnov(&samples[a], &samples[b]), mann_whitney(&samples[a], &samples[b]));
        let separated = if ks.min(mw) < SEPARATES { "YES" } else { "no" };
        let pair = format!("{} / {}", KINDS[a].0, KINDS[b].0);
        table.row([pair, format!("{ks:.3}"), format!("{mw:.3}"), separated.into()]);
    }
    println!("{table}");
}

/// The chance of two samples of one distribution lying at least as far apart at some point (asymptotic).
fn kolmogorov_smirnov(a: &[u32], b: &[u32]) -> f64 {
    let below =
        |sample: &[u32], value| count(sample.partition_point(|other| *other <= value)) / count(sample.len());
    let apart =
        a.iter().chain(b).map(|value| (below(a, *value) - below(b, *value)).abs()).fold(0.0, f64::max);
    let size = count(a.len()) * count(b.len()) / count(a.len() + b.len());
    let x = apart * (size.sqrt() + 0.12 + 0.11 / size.sqrt());
    let terms = (1..=100).map(|k| {
        let k = f64::from(k);
        (if k % 2.0 == 0.0 { -2.0 } else { 2.0 }) * (-2.0 * k * k * x * x).exp()
    });
    // The series does not converge at nothing; there, the chance is one.
    if x < 0.2 { 1.0 } else { terms.sum::<f64>().clamp(0.0, 1.0) }
}

/// The chance of two samples of one distribution ranking at least as differently (normal approximation).
fn mann_whitney(a: &[u32], b: &[u32]) -> f64 {
    let wins: f64 = a
        .iter()
        .map(|value| {
            let (lower, upper) =
                (b.partition_point(|other| other < value), b.partition_point(|other| other <= value));
            f64::midpoint(count(lower), count(upper))
        })
        .sum();
    let (of_a, of_b) = (count(a.len()), count(b.len()));
    let deviation = (of_a * of_b * (of_a + of_b + 1.0) / 12.0).sqrt();
    2.0 * upper_tail(((wins - of_a * of_b / 2.0) / deviation).abs())
}

/// The standard normal distribution above `z` (Abramowitz and Stegun 26.2.17).
fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let weights = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let series: f64 = weights.iter().rev().fold(0.0, |sum, weight| (sum + weight) * t);
    (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * series
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(times: u32, shift: u32) -> Vec<u32> {
        let mut sample: Vec<u32> = (0..times).map(|i| 60_000 + i * 7_919 % 1_000 + shift).collect();
        sample.sort_unstable();
        sample
    }

    #[test]
    fn what_is_alike_is_not_separated_and_what_is_shifted_is() {
        let (a, b, shifted) = (sample(500, 0), sample(700, 1), sample(500, 200));
        let both = |b| [kolmogorov_smirnov(&a, b), mann_whitney(&a, b)];
        assert!(both(&b).iter().all(|p| *p > 0.5), "{:?}", both(&b));
        assert!(both(&shifted).iter().all(|p| *p < 1e-3), "{:?}", both(&shifted));
        assert!((upper_tail(1.959_964) - 0.025).abs() < 1e-6);
    }
}
