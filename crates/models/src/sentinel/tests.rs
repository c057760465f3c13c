//! Made-up courses: what must be told, when, and what must not.

use impasto_tensor::{Random, Tensor};

use super::*;
use crate::params::{Gradients, Kind as Entry, Params};

fn event(step: u64, scalars: &[(&'static str, f64)]) -> Event {
    Event { step, scalars: scalars.to_vec() }
}

/// The alarms over a course of one loss.
fn watch_loss(sentinel: &mut Sentinel, losses: impl IntoIterator<Item = f64>) -> Vec<Alarm> {
    let steps = losses.into_iter().zip(1..);
    steps.flat_map(|(loss, step)| sentinel.look(&event(step, &[("loss", loss)]), None)).collect()
}

/// A loss that falls from 2.3 to 0.1 with factors of noise around it, of which one in six is above e^noise.
fn noisy(seed: u64, noise: f64, steps: usize) -> Vec<f64> {
    let factors: Tensor<f64> = Random::new(seed, 1).normal([steps], 0.0, noise);
    let course = |i: usize| 0.1 + 2.2 * (-(i as f64) / (0.2 * steps as f64)).exp();
    factors.data().iter().enumerate().map(|(i, z)| course(i) * z.exp()).collect()
}

#[test]
fn a_noisy_good_run_is_left_alone() {
    let watch = Watch { plateau: Plateau { action: Action::Off, ..Plateau::default() }, ..Watch::default() };
    for (seed, noise) in (0..40).zip([0.0, 0.1, 0.3, 0.6].into_iter().cycle()) {
        let alarms = watch_loss(&mut Sentinel::new(watch.clone()), noisy(seed, noise, 2000));
        assert!(alarms.is_empty(), "seed {seed}, noise {noise}: {alarms:?}");
    }
}

#[test]
fn a_runaway_loss_is_told_once_and_soon() {
    for (seed, noise) in (0..40).zip([0.0, 0.1, 0.3, 0.6].into_iter().cycle()) {
        for at in [1, 5, 100, 1500] {
            let mut losses = noisy(seed, noise, 2000);
            losses[at..].iter_mut().for_each(|loss| *loss += 1000.0);
            let alarms = watch_loss(&mut Sentinel::new(Watch::default()), losses);
            let runaway: Vec<_> = alarms.iter().filter(|a| a.kind == Kind::Divergence).collect();
            let &[Alarm { step, what, .. }] = &runaway[..] else { panic!("{seed} {noise} {at}: {alarms:?}") };
            let told = at as u64 + 1..=at as u64 + 3;
            assert!(told.contains(step) && what.starts_with("loss is 1.0"), "{seed} {noise} {at}: step {step}, {what}");
        }
    }
}

#[test]
fn one_wild_batch_is_no_divergence() {
    let mut losses = noisy(3, 0.1, 500);
    for at in [100, 200, 201, 300] {
        losses[at] = 1e9;
    }
    assert_eq!(watch_loss(&mut Sentinel::new(Watch::default()), losses), []);
}

#[test]
fn losses_of_a_game_may_rise_but_not_run_away() {
    let mut sentinel = Sentinel::new(Watch::default());
    for step in 1..=400 {
        let generator = 0.7 + 6.0 * (step as f64 / 30.0).tanh();
        let scalars = [("discriminator_loss", 1.4 / step as f64), ("generator_loss", generator)];
        assert_eq!(sentinel.look(&event(step, &scalars), None), []);
    }
    let runaway: Vec<_> = (401..=410)
        .flat_map(|step| sentinel.look(&event(step, &[("discriminator_loss", 0.0), ("generator_loss", 500.0)]), None))
        .collect();
    let [alarm] = &runaway[..] else { panic!("{runaway:?}") };
    assert_eq!((alarm.kind, alarm.step), (Kind::Divergence, 403));
    assert!(
        alarm.what.starts_with("discriminator_loss is 0.000e0 and generator_loss is 5.000e2, their sizes add up to 6."),
        "{}",
        alarm.what
    );
}

#[test]
fn a_plateau_is_told_unless_the_rate_has_come_down() {
    let watch = Watch { plateau: Plateau { window: 100, ..Plateau::default() }, ..Watch::default() };
    let run = |rate: &dyn Fn(u64) -> f64| -> Vec<Alarm> {
        let mut sentinel = Sentinel::new(watch.clone());
        let loss = |step: u64| (2.0 - 0.01 * step as f64).max(0.5);
        let steps = (1..=500).map(|step| event(step, &[("loss", loss(step)), ("learning_rate", rate(step))]));
        steps.flat_map(|event| sentinel.look(&event, None)).collect()
    };
    let alarms = run(&|_| 1e-3);
    assert_eq!(alarms.iter().map(|a| (a.kind, a.step)).collect::<Vec<_>>(), [(Kind::Plateau, 400)]);
    assert_eq!(alarms[0].what, "loss no longer falls: its mean over 100 steps was 5.0000e-1 and is 5.0000e-1");
    assert_eq!(run(&|step| if step < 250 { 1e-3 } else { 1e-4 }), []);
}

/// A layer of three rows and a bias, and gradients whose rows of the layer are given.
fn layer(rows: [f32; 3], bias: Option<f32>) -> Inspection {
    let mut params = Params::default();
    params.insert("a.weight", Tensor::ones([3, 2]), Entry::Weight);
    params.insert("a.bias", Tensor::ones([1]), Entry::Weight);
    params.insert("a.running_mean", Tensor::ones([3]), Entry::Buffer);
    let weight = Tensor::new([3, 2], rows.iter().flat_map(|&g| [0.0, g]).collect());
    let mut gradients = Gradients::from([("a.weight".to_owned(), weight)]);
    gradients.extend(bias.map(|g| ("a.bias".to_owned(), Tensor::full([1], g))));
    Inspection::of(&params, &gradients)
}

fn watch_layer(watch: Dead, looks: impl IntoIterator<Item = Inspection>) -> Vec<(u64, String)> {
    let mut sentinel = Sentinel::new(Watch { dead: watch, ..Watch::default() });
    let looks = looks.into_iter().zip(1..);
    let alarms = looks.flat_map(|(seen, step)| sentinel.look(&event(step, &[]), Some(&seen)));
    alarms.map(|alarm| (alarm.step, alarm.what)).collect()
}

#[test]
fn dead_rows_and_frozen_weights_are_named() {
    let again = |seen: Inspection, n| std::iter::repeat_n(seen, n);
    let norm = "; the norm of the gradient is 1.000e0";
    let want = |text: &str| vec![(3, format!("no gradient in 3 looks: {text}{norm}"))];
    let dead = Dead::default();
    assert_eq!(
        watch_layer(dead.clone(), again(layer([0.0, 1.0, 0.0], Some(0.0)), 9)),
        want("a.bias, 2 of 3 rows of a.weight")
    );
    assert_eq!(
        watch_layer(dead.clone(), again(layer([0.0, 1.0, 0.0], None), 9)),
        want("a.bias, 2 of 3 rows of a.weight")
    );
    let frozen = Dead { frozen: vec!["a.b".into()], ..dead.clone() };
    assert_eq!(watch_layer(frozen, again(layer([0.0, 1.0, 0.0], None), 9)), want("2 of 3 rows of a.weight"));
    assert_eq!(watch_layer(dead.clone(), again(layer([0.0, 1.0, 0.0], Some(1.0)), 2)), [], "too few looks");
    assert_eq!(watch_layer(dead.clone(), again(layer([0.0, 1.0, 1.0], Some(1.0)), 9)), [], "too few rows");
    let other_rows =
        [layer([0.0, 0.0, 1.0], Some(1.0)), layer([1.0, 0.0, 0.0], Some(1.0)), layer([0.0, 1.0, 0.0], Some(1.0))];
    assert_eq!(watch_layer(dead, other_rows.into_iter().cycle().take(9)), [], "never the same rows");
}

#[test]
fn what_is_not_finite_is_named_once_while_it_lasts() {
    let mut sentinel = Sentinel::new(Watch::default());
    let broken = layer([f32::INFINITY, 1.0, 1.0], Some(f32::NAN));
    let alarms = sentinel.look(&event(1, &[("accuracy", 0.5), ("loss", f64::INFINITY)]), Some(&broken));
    let what = "loss is inf; the gradient of a.bias and 1 more are not finite; the norm of the gradient is NaN";
    assert_eq!(alarms.iter().map(|a| (a.kind, a.what.as_str())).collect::<Vec<_>>(), [(Kind::NonFinite, what)]);
    assert_eq!(sentinel.look(&event(2, &[("loss", f64::NAN)]), None), []);
    assert_eq!(sentinel.look(&event(3, &[("loss", 1.0)]), None), []);
    assert_eq!(sentinel.look(&event(4, &[("loss", f64::NAN)]), None).len(), 1);
}

#[test]
fn a_discriminator_that_no_longer_judges_is_told() {
    let run = |real: f64, fake: f64, rise: f64| -> Vec<(u64, String)> {
        let mut sentinel =
            Sentinel::new(Watch { one_sided: OneSided { patience: 100, ..OneSided::default() }, ..Watch::default() });
        let steps = (1..=400).map(|step| {
            let loss = 1.0 + rise * step as f64;
            event(step, &[("real_accuracy", real), ("fake_accuracy", fake), ("generator_loss", loss)])
        });
        steps.flat_map(|event| sentinel.look(&event, None)).map(|a| (a.step, a.what)).collect()
    };
    let starts = |(real, fake, rise), text: &str| {
        let alarms = run(real, fake, rise);
        let [(100, what)] = &alarms[..] else { panic!("{alarms:?}") };
        assert!(what.starts_with(&format!("for 100 steps the discriminator is {text}")), "{what}");
    };
    starts((1.0, 1.0, 0.01), "always right, and the generator's loss rises: 1.010e0 to ");
    starts((0.0, 0.01, 0.0), "always wrong (real_accuracy 0.000, fake_accuracy 0.010)");
    starts((1.0, 0.0, 0.0), "blind");
    for fine in [(1.0, 1.0, 0.0), (0.9, 0.9, 0.01), (0.3, 0.2, 0.0)] {
        assert_eq!(run(fine.0, fine.1, fine.2), [], "{fine:?}");
    }
}

#[test]
fn samples_that_become_alike_are_told() {
    let run = |values: &[f64]| -> Vec<Alarm> {
        let mut sentinel = Sentinel::new(Watch::default());
        let steps = values.iter().zip(1..).map(|(&v, step)| event(step, &[("diversity", v)]));
        steps.flat_map(|event| sentinel.look(&event, None)).collect()
    };
    let alarms = run(&[0.1, 0.5, 0.8, 0.8, 0.8, 0.05, 0.04, 0.03, 0.02]);
    assert_eq!(alarms.iter().map(|a| (a.kind, a.step)).collect::<Vec<_>>(), [(Kind::Collapse, 8)]);
    assert_eq!(run(&[0.1, 0.5, 0.8, 0.8, 0.05, 0.5, 0.04, 0.3, 0.6]), []);
    assert_eq!(run(&[0.0; 5]).len(), 1, "samples that never differ");
}

/// Saved and read back at any step, it raises what it would have raised, to the bit.
#[test]
fn a_restored_sentinel_goes_on_exactly() {
    let mut losses = noisy(5, 0.6, 300);
    losses[250..].iter_mut().for_each(|loss| *loss *= 300.0);
    let watch = Watch { plateau: Plateau { window: 40, ..Plateau::default() }, ..Watch::default() };
    let step = |sentinel: &mut Sentinel, i: usize| {
        let shares = [("real_accuracy", losses[i].fract()), ("fake_accuracy", 0.5), ("generator_loss", losses[i])];
        let scalars = [&[("loss", losses[i]), ("diversity", losses[i])], &shares[..]].concat();
        sentinel.look(&event(i as u64 + 1, &scalars), Some(&layer([0.0, (i % 3) as f32, 0.0], Some(1.0))))
    };
    let (mut whole, mut restored) = (Sentinel::new(watch.clone()), Sentinel::new(watch));
    let mut raised = 0;
    for i in 0..losses.len() {
        let text = serde_json::to_string(&restored).expect("plain data");
        assert!(text.len() < 2000, "{} bytes of state", text.len());
        restored = serde_json::from_str(&text).expect("what was written");
        assert_eq!(restored, whole, "step {i}");
        let alarms = step(&mut whole, i);
        assert_eq!(step(&mut restored, i), alarms);
        raised += alarms.len();
    }
    assert!(raised > 1, "else the test compares nothing");
}

#[test]
fn what_is_off_is_not_told() {
    let off = |text: &str| Sentinel::new(serde_json::from_str(text).expect("settings"));
    assert_eq!(watch_loss(&mut off(r#"{ "non_finite": "off" }"#), [1.0, f64::NAN]), []);
    assert_eq!(watch_loss(&mut off(r#"{ "divergence": { "action": "off" } }"#), [1.0, 9e9, 9e9, 9e9, 9e9, 9e9]), []);
    assert!(serde_json::from_str::<Watch>(r#"{ "divergense": {} }"#).is_err());
    assert!(Action::Stop > Action::RollBack && Action::RollBack > Action::Warn && Action::Warn > Action::Off);
}
