//! Layers, slips of the hand, and that presets are settings.

use super::*;

fn of(text: &str) -> Result<Config, String> {
    let file = Layer { origin: "a.toml".into(), table: text.parse().unwrap() };
    Config::of(vec![file]).map_err(|e| e.to_string())
}

#[test]
fn what_is_written_is_read_back() {
    let settings = Settings { label_smoothing: 0.1, nesterov: false, ..Settings::default() };
    let classifier = Classifier { width: 7, settings, ..Classifier::default() };
    let config = Config { seed: 9, steps: Some(12), classifier, ..Config::default() };
    let text = toml::to_string(&config.table()).unwrap();
    assert_eq!(of(&text).unwrap(), config);
}

#[test]
fn later_layers_lie_over_earlier_ones() {
    let file =
        Layer { origin: "a.toml".into(), table: "batch = 8\n[classifier]\nlr = 0.5\nwidth = 3".parse().unwrap() };
    let layers = vec![file, Layer::set("classifier.lr=1").unwrap(), Layer::set("classifier.net=resnet").unwrap()];
    let config = Config::of(layers).unwrap();
    assert_eq!((config.batch, config.classifier.width, config.classifier.settings.lr), (8, 3, 1.0));
    assert_eq!(config.classifier.net, Net::Resnet);
}

#[test]
fn slips_of_the_hand_are_named_with_what_was_meant() {
    let cases = [
        ("batchs = 8", "a.toml: there is no setting `batchs`; did you mean `batch`?"),
        ("[classifier]\nlabel_smoothin = 0.1", "did you mean `classifier.label_smoothing`?"),
        ("label_smoothing = 0.1", "there is no setting `label_smoothing`; did you mean `classifier.label_smoothing`?"),
        ("[classifier]\nseed = 3", "did you mean `seed`?"),
        ("lr = 1.0", "did you mean `classifier.lr` or `gan.lr`?"),
        ("[sentinel.plateau]\nwindows = 3", "did you mean `sentinel.plateau.window`?"),
        ("colour = 1", "there is no setting `colour`; a run's config.toml holds all there are"),
        ("gan = 1", "a.toml: `gan` is a section, not a value"),
        ("[classifier]\nlr = \"fast\"", "a.toml: invalid type"),
        ("steps = 0", "steps: expected at least 1, got 0"),
        ("minutes = -1.0", "minutes: expected more than 0, got -1"),
        ("size = 0", "size: expected 1 to 4096 pixels, got 0"),
        ("[report]\nwatts_per_core = -3.0", "report.watts_per_core: expected 0 or more, got -3"),
        ("[classifier]\nnet = \"plane\"", "unknown variant `plane`"),
    ];
    for (text, wanted) in cases {
        let message = of(text).unwrap_err();
        assert!(message.contains(wanted), "{text}: {message}");
    }
}

#[test]
fn the_last_word_on_how_long_counts() {
    let steps = |sets: &[&str]| {
        let file = Layer { origin: "a.toml".into(), table: "steps = 900\nminutes = 2.0".parse().unwrap() };
        let sets = sets.iter().map(|set| Layer::set(set).unwrap());
        Config::of(std::iter::once(file).chain(sets).collect()).unwrap().steps
    };
    assert_eq!(steps(&[]), Some(900));
    assert_eq!(steps(&["minutes=60"]), None);
    assert_eq!(steps(&["minutes=60", "steps=10"]), Some(10));
}

#[test]
fn a_file_that_speaks_of_a_gan_alone_is_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.toml");
    let trained = |text: &str| {
        fs::write(&path, text).unwrap();
        Config::of(vec![Layer::file(&path).unwrap()]).unwrap().train
    };
    assert_eq!(trained("[gan]\nwidth = 16"), Kind::Gan);
    assert_eq!(trained("[gan]\nwidth = 16\n[classifier]\nwidth = 8"), Kind::Classifier);
    assert_eq!(trained("train = \"classifier\"\n[gan]\nwidth = 16"), Kind::Classifier);
    assert_eq!(trained("batch = 16"), Kind::Classifier);
}

#[test]
fn presets_are_settings() {
    for preset in [Preset::FiveMinutes, Preset::Hour, Preset::Night] {
        for kind in [Kind::Classifier, Kind::Gan] {
            let config = Config::of(vec![preset.layer(kind)]).unwrap();
            assert!(config.minutes <= 480.0 && config.minutes > 1.0);
        }
    }
}
