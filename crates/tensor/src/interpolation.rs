//! Resampling an axis by interpolation, without smoothing: to shrink a picture use [`Taps::resize`].

use crate::taps::Taps;

/// What stands between the places of an axis. With `align_corners` the outermost places stay the outermost ones; without, the
/// outer edges of the outermost places do, half a place further out, and the ends are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interpolation {
    /// The nearest place.
    Nearest,
    /// Straight lines.
    Linear {
        /// See [`Interpolation`].
        align_corners: bool,
    },
    /// Cubics with continuous slopes through all places.
    Cubic {
        /// See [`Interpolation`].
        align_corners: bool,
    },
}

impl Taps {
    /// The axis resampled to another length by interpolation.
    ///
    /// # Source
    /// Keys, "Cubic convolution interpolation for digital image processing", 1981, with a = -0.75.
    ///
    /// # Panics
    /// If the axis has no places.
    #[track_caller]
    pub fn interpolate(from: usize, to: usize, how: Interpolation) -> Self {
        assert!(from > 0, "interpolate: an axis without places cannot be drawn");
        let (weight, reach, align_corners): (fn(f64) -> f64, isize, bool) = match how {
            Interpolation::Nearest => return Self::select(from, (0..to).map(|i| i * from / to)),
            Interpolation::Linear { align_corners } => (linear, 1, align_corners),
            Interpolation::Cubic { align_corners } => (cubic, 2, align_corners),
        };
        let point = |i: usize| {
            if align_corners {
                (i * (from - 1)) as f64 / (to - 1).max(1) as f64
            } else {
                (i as f64 + 0.5) * from as f64 / to as f64 - 0.5
            }
        };
        let place = |i: usize| {
            let point = point(i);
            let first = point.floor() as isize + 1 - reach;
            let near = (first..first + 2 * reach).map(|j| (j, weight((j as f64 - point).abs())));
            let held = near.map(|(j, w)| (j.clamp(0, from as isize - 1) as usize, w));
            held.filter(|&(_, w)| w != 0.0).collect()
        };
        Self::new(from, (0..to).map(place))
    }
}

/// The weight of a place at a distance of at most 1.
fn linear(distance: f64) -> f64 {
    1.0 - distance
}

/// The weight of a place at a distance of at most 2.
fn cubic(distance: f64) -> f64 {
    const A: f64 = -0.75;
    let t = distance;
    if t <= 1.0 { ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0 } else { A * (((t - 5.0) * t + 8.0) * t - 4.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Tensor;

    const ALL: [Interpolation; 5] = [
        Interpolation::Nearest,
        Interpolation::Linear { align_corners: false },
        Interpolation::Linear { align_corners: true },
        Interpolation::Cubic { align_corners: false },
        Interpolation::Cubic { align_corners: true },
    ];

    #[test]
    fn an_axis_drawn_at_its_own_length_stays() {
        for how in ALL {
            assert_eq!(Taps::interpolate(5, 5, how), Taps::range(5, 0..5), "{how:?}");
        }
    }

    #[test]
    fn what_is_flat_stays_flat_at_any_length() {
        for (from, to) in [(1, 1), (1, 4), (4, 1), (3, 8), (8, 3), (2, 5)] {
            for how in ALL {
                let y = Tensor::<f64>::ones([from]).resample(0, &Taps::interpolate(from, to, how));
                assert!(y.len() == to && y.data().iter().all(|v| (v - 1.0).abs() < 1e-14), "{from} {to} {how:?}");
            }
        }
    }

    #[test]
    fn corners_stay_where_they_are_aligned() {
        let x = Tensor::<f64>::new([3], vec![0.0, 2.0, 6.0]);
        let draw = |to, how| x.resample(0, &Taps::interpolate(3, to, how)).data().to_vec();
        assert_eq!(draw(5, Interpolation::Linear { align_corners: true }), [0.0, 1.0, 2.0, 4.0, 6.0]);
        assert_eq!(draw(6, Interpolation::Linear { align_corners: false }), [0.0, 0.5, 1.5, 3.0, 5.0, 6.0]);
        // Midway, the four places weigh A / 8 and 1 / 2 - A / 8.
        assert_eq!(draw(5, Interpolation::Cubic { align_corners: true })[1], 0.59375 * 2.0 - 0.09375 * 6.0);
        assert_eq!(draw(7, Interpolation::Nearest), [0.0, 0.0, 0.0, 2.0, 2.0, 6.0, 6.0]);
    }
}
