//! Learning rates over time.

/// The factor of the learning rate at `step` of `total`: up in a straight line over `warm_up` steps, then down to 0 by half
/// a cosine.
///
/// # Source
/// Loshchilov and Hutter, "SGDR", 2017, without restarts.
pub fn cosine(step: u64, total: u64, warm_up: u64) -> f64 {
    if step < warm_up {
        return (step + 1) as f64 / warm_up as f64;
    }
    let done = (step - warm_up) as f64 / (total.saturating_sub(warm_up)).max(1) as f64;
    0.5 * (1.0 + (std::f64::consts::PI * done.min(1.0)).cos())
}

#[cfg(test)]
mod tests {
    use super::cosine;

    #[test]
    fn it_rises_then_falls_to_zero() {
        assert_eq!(cosine(0, 100, 10), 0.1);
        assert_eq!(cosine(10, 100, 10), 1.0);
        assert!((cosine(55, 100, 10) - 0.5).abs() < 1e-12);
        assert!(cosine(100, 100, 10).abs() < 1e-12 && cosine(500, 100, 10).abs() < 1e-12);
    }
}
