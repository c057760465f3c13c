//! Data sets from IDX files and folders: what is kept, what is refused, and that each file is accounted for.

use std::fs;
use std::path::Path;

use crate::common::{gzip, idx, plain_png, refusal};
use impasto_data::{Dataset, Error, FASHION_MNIST, Options, Parts, Summary};

fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn open(folder: &Path) -> Result<Dataset, Error> {
    Dataset::open(folder, &Options { size: Some(4), ..Options::default() })
}

fn rejected(set: &Dataset) -> Vec<(&str, &str)> {
    set.rejected().iter().map(|r| (r.path.to_str().unwrap(), r.reason.as_str())).collect()
}

#[test]
fn idx_arrays_survive_plain_and_packed() {
    let pixels: Vec<u8> = (0..24).collect();
    let (images, labels) = (idx(&[4, 2, 3], &pixels), idx(&[4], &[0, 1, 1, 0]));
    let plain = Dataset::from_idx_bytes(&images, &labels, &["a", "b"]).unwrap();
    let packed = Dataset::from_idx_bytes(&gzip(&images), &gzip(&labels), &["a", "b"]).unwrap();
    assert_eq!((plain.shape(), plain.pixels()), ([4, 1, 2, 3], &pixels[..]));
    assert_eq!(plain.labels_of(&[1, 3]), Some(vec![1, 0]));
    assert_eq!(plain.class_counts(), [2, 2]);
    assert_eq!(plain.hash(), packed.hash());
}

#[test]
fn lying_idx_files_are_refused() {
    let labels = idx(&[1], &[0]);
    let open = |images: &[u8]| refusal(Dataset::from_idx_bytes(images, &labels, &["a"]));
    // 4 GiB times 4 GiB times 4 GiB; 1 GiB promised and nothing there; a hundred million zeros behind four bytes.
    assert!(open(&idx(&[u32::MAX; 3], &[])).contains("the limits are"));
    assert!(open(&gzip(&idx(&[1 << 10, 1 << 10, 1 << 10], &[]))).contains("and holds 0"));
    assert!(open(&gzip(&idx(&[1, 2, 2], &vec![0; 100_000_000]))).contains("and holds more"));
    assert!(open(&idx(&[0, 2, 2], &[])).contains("the limits are 1"));
    assert!(open(&idx(&[4], &[0; 4])).contains("with 3 axes"));
    assert!(open(&gzip(&idx(&[1, 2, 2], &[0; 4]))[..20]).contains("cannot be read as an IDX file"));
    assert!(open(b"\0\0").contains("IDX images: cannot be read as an IDX file"));
    let images = idx(&[2, 1, 1], &[0, 0]);
    assert!(open(&images).contains("IDX labels: has 1 labels for 2 pictures"));
    let beyond = Dataset::from_idx_bytes(&images, &idx(&[2], &[0, 1]), &["a"]);
    assert!(refusal(beyond).contains("gives picture 1 the label 1, but there are 1 classes"));
}

#[test]
fn an_idx_folder_has_two_splits_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("Fashion-MNIST");
    write(&root, "train-images-idx3-ubyte.gz", gzip(&idx(&[2, 3, 3], &[9; 18])));
    write(&root, "train-labels-idx1-ubyte.gz", gzip(&idx(&[2], &[9, 0])));
    write(&root, "t10k-images-idx3-ubyte", idx(&[1, 3, 3], &[200; 9]));
    write(&root, "t10k-labels-idx1-ubyte", idx(&[1], &[1]));
    let train = Dataset::open(&root, &Options::default()).unwrap();
    assert_eq!((train.len(), train.shape()), (2, [2, 1, 3, 3]));
    assert_eq!(train.classes(), FASHION_MNIST);
    let file = root.join("t10k-images-idx3-ubyte");
    assert_eq!(Parts::of(&root).unwrap().test.as_ref(), Some(&file));
    write(&root, "train-images-idx3-ubyte", idx(&[2, 3, 3], &[9; 18]));
    let parts = Parts::of(&root).unwrap();
    assert_eq!(
        (parts.train, parts.test.as_ref()),
        (root.join("train-images-idx3-ubyte"), Some(&file)),
        "unpacked beside"
    );
    let options = Options { size: Some(6), channels: Some(3), ..Options::default() };
    let larger = Dataset::open(&file, &options).unwrap();
    assert_eq!((larger.shape(), larger.labels()), ([1, 3, 6, 6], Some(&[1][..])));
    assert_eq!(larger.pixels(), [200; 108]);

    fs::remove_file(&file).unwrap();
    assert_eq!(Parts::of(&root).unwrap().test, None);

    let letters = folder.path().join("letters");
    for part in ["train", "test", "other"] {
        write(&letters, &format!("emnist-{part}-images-idx3-ubyte"), idx(&[1, 3, 3], &[0; 9]));
    }
    assert!(Parts::of(&letters).unwrap().train.ends_with("emnist-train-images-idx3-ubyte"));
    fs::remove_file(letters.join("emnist-train-images-idx3-ubyte")).unwrap();
    assert!(refusal(Parts::of(&letters)).contains("letters: has several IDX files"));
}

#[test]
fn folders_train_and_test_are_parts_with_the_same_classes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("pets");
    write(&root, "LICENCE", "CC0 1.0");
    write(&root, "train/cat/a.png", plain_png(4, [1; 3]));
    write(&root, "train/ape/b.png", plain_png(4, [2; 3]));
    write(&root, "val/cat/c.png", plain_png(4, [3; 3]));
    let parts = Parts::of(&root).unwrap();
    assert_eq!(parts, Parts { train: root.join("train"), test: Some(root.join("val")) });
    let (train, test) = (open(&root).unwrap(), open(&root.join("val")).unwrap());
    assert_eq!((train.source(), train.licence(), train.classes().len()), ("pets/train", Some("CC0 1.0"), 2));
    assert_eq!((test.source(), test.licence(), test.labels()), ("pets/val", Some("CC0 1.0"), Some(&[0][..])));
    let test = test.with_classes(train.classes()).unwrap();
    assert_eq!((test.classes(), test.labels()), (train.classes(), Some(&[1][..])));
    let said = refusal(train.with_classes(&["cat".into(), "dog".into()]));
    assert!(said.contains("pets/train: has the class ape, which is none of cat, dog"), "{said}");

    write(&root, "labels.csv", "file,label\n");
    assert_eq!(Parts::of(&root).unwrap(), Parts { train: root, test: None }, "a table is for the whole folder");
}

#[test]
fn sub_folders_are_classes_and_every_file_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "cat/b.png", plain_png(9, [10, 20, 30]));
    write(root, "cat/deeper/a.png", plain_png(8, [40, 50, 60]));
    write(root, "ape/c.png", plain_png(4, [70, 80, 90]));
    write(root, "ape/notes.png", "only words");
    write(root, "stray.png", plain_png(4, [0; 3]));
    write(root, ".hidden", "nothing");
    write(root, "LICENCE.txt", "\nCC0 1.0\nmore\n");
    let set = open(root).unwrap();
    assert_eq!(set.classes(), ["ape", "cat"]);
    assert_eq!(set.labels(), Some(&[0, 1, 1][..]));
    assert_eq!(set.picture(1).pixels()[..3], [10, 20, 30]);
    assert_eq!(set.licence(), Some("CC0 1.0"));
    let names: Vec<_> = rejected(&set).iter().map(|r| r.0).collect();
    assert_eq!(names, ["ape/notes.png", "stray.png"]);
    let summary = Summary::of(&set);
    assert_eq!((summary.read, summary.kept, summary.rejected.len()), (5, 3, 2));

    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| open(root)).unwrap().hash(), set.hash(), "the same at any number of workers");
}

#[test]
fn a_flat_folder_has_no_labels() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.png", plain_png(5, [1, 2, 3]));
    let set = open(folder.path()).unwrap();
    assert_eq!((set.shape(), set.labels(), set.classes().len()), ([1, 3, 4, 4], None, 0));
    assert_eq!(set.labels_of(&[0]), None);
    let grey = Dataset::open(folder.path(), &Options { channels: Some(1), ..Options::default() }).unwrap();
    assert_eq!(grey.shape(), [1, 1, 64, 64]);
}

#[test]
fn a_table_gives_labels() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.png", "b.png", "sub/c.png", "d.png"] {
        write(folder.path(), name, plain_png(4, [9; 3]));
    }
    let table = "file,name,category\na.png,x,old\nsub/c.png,\"y, z\",new\nb.png,x,old\n";
    write(folder.path(), "labels.csv", table);
    let set = open(folder.path()).unwrap();
    assert_eq!(set.classes(), ["new", "old"]);
    assert_eq!(set.labels(), Some(&[1, 1, 0][..]));
    assert_eq!(rejected(&set), [("d.png", "has no row in labels.csv; add one or remove the picture")]);
}

#[test]
fn a_faulty_table_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "a.png", plain_png(4, [9; 3]));
    let refused = |table: &str| {
        write(folder.path(), "labels.csv", table);
        refusal(open(folder.path()))
    };
    let said = refused("file,label\na.png,x\ngone.png,y\n");
    assert!(said.contains("labels.csv: names `gone.png` in row 2, which is not in the folder; add"), "{said}");
    assert!(refused("file,label\n../a.png,x\n").contains("is not in the folder"));
    assert!(refused("file,label\na.png,\n").contains("has no label in row 1"));
    assert!(refused("file,label\na.png,x\na.png,y\n").contains("names `a.png` again in row 2"));
    assert!(refused("file\na.png\n").contains("has no second column"));
    assert!(refused("file,label\na.png\n").contains("is not a table"));
    assert!(refused("").contains("has no second column"));
}

#[test]
fn folders_without_a_usable_picture_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let said = refusal(open(folder.path()));
    assert!(said.contains("none of its 0 files can be used; put pictures into it"), "{said}");
    write(folder.path(), "notes.txt", "words");
    let said = refusal(open(folder.path()));
    assert!(said.contains("none of its 1 files can be used (the first, notes.txt: is not a picture"), "{said}");
    let said = refusal(Dataset::open(folder.path().join("notes.txt"), &Options::default()));
    assert!(said.contains("neither a folder of pictures nor an IDX file"), "{said}");
    assert!(refusal(open(&folder.path().join("gone"))).contains("gone: cannot read it"));
}

#[test]
fn impossible_options_are_refused() {
    let refused = |options: Options| refusal(Dataset::open(".", &options));
    let said = refused(Options { size: Some(0), ..Options::default() });
    assert_eq!(said, "size: 0 pixels are not possible; choose 1 to 4096");
    let said = refused(Options { channels: Some(4), ..Options::default() });
    assert_eq!(said, "channels: 4 channels are not possible; choose 1 (grey) or 3 (RGB)");
}

#[test]
fn a_split_is_stratified_exact_disjoint_and_seeded() {
    // 60, 30 and 10 pictures; every picture is its own number.
    let labels: Vec<u8> = (0..100).map(|i| u8::from(i >= 60) + u8::from(i >= 90)).collect();
    let pixels: Vec<u8> = (0..100).collect();
    let set = Dataset::from_idx_bytes(&idx(&[100, 1, 1], &pixels), &idx(&[100], &labels), &["a", "b", "c"]).unwrap();
    let (train, held) = set.split(20, 7).unwrap();
    assert_eq!((train.class_counts(), held.class_counts()), (vec![48, 24, 8], vec![12, 6, 2]));
    let mut all = [train.pixels(), held.pixels()].concat();
    all.sort_unstable();
    assert_eq!(all, pixels, "together they are the whole, and they share nothing");
    assert!(held.pixels().is_sorted() && train.pixels().is_sorted());
    for (set, part) in [(&set, &train), (&set, &held)] {
        for i in 0..part.len() {
            assert_eq!(part.labels_of(&[i]), set.labels_of(&[part.pixels()[i] as usize]));
        }
    }
    assert_eq!(set.split(20, 7).unwrap().1.hash(), held.hash());
    assert_ne!(set.split(20, 8).unwrap().1.hash(), held.hash());
    assert!(set.split(0, 7).unwrap().1.is_empty());
    assert!(refusal(set.split(100, 7)).contains("held_out: 100 of 100 pictures cannot be held out"));
}
