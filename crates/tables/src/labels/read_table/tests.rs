//! Label tables from text: keys, classes, numbers, refusals.

use super::super::layout::KeyKind;
use super::*;
use crate::error::ErrorKind;
use std::io::Write;

fn read(text: &str) -> Result<LabelTable> {
    LabelTable::from_reader("t.csv", text.as_bytes(), &ReadOptions::default())
}

fn message(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn cells_keys_classes_and_index() {
    let t = read("arch_index,arch_str,unique_rep_index,a_pct,b_ms\n4,x,9,1.5,\n5,y,9, 2 ,3e1\n")
        .unwrap();
    assert_eq!((t.rows(), t.key(1), t.class(0), t.arch_index(1)), (2, Some("y"), Some(9), Some(5)));
    assert_eq!((t.key(2), t.class(2), t.row_of("y"), t.line(1)), (None, None, Some(1), Some(3)));
    assert_eq!(t.column_names(), ["a_pct", "b_ms"]);
    assert_eq!(t.column("a_pct").unwrap(), [Some(1.5), Some(2.0)]);
    assert_eq!(t.column("b_ms").unwrap(), [None, Some(30.0)]);
    assert_eq!(t.gather("b_ms", &[1, 0, 7]).unwrap(), [Some(30.0), None, None]);
    assert_eq!((t.key_kind(), t.model_path(0)), (KeyKind::Architecture, None));
}

#[test]
fn without_a_class_column_every_key_is_a_class() {
    let a = read("path,v\nm1.onnx,1\nm2.onnx,2\n").unwrap();
    let b = read("path,v\nm2.onnx,2\nm1.onnx,1\n").unwrap();
    assert_ne!(a.class(0), a.class(1));
    assert_eq!((a.class(0), a.class(1)), (b.class(1), b.class(0)));
    let t = LabelTable::from_reader(
        "d/t.csv",
        "path,v\nm.onnx,1\n".as_bytes(),
        &ReadOptions::default(),
    );
    assert_eq!(t.unwrap().model_path(0), Some(PathBuf::from("d/m.onnx")));
}

#[test]
fn several_columns_make_up_a_key() {
    let options = ReadOptions {
        joined: vec!["ks".into(), "e".into()],
        unlabelled: vec!["id".into()],
        ..ReadOptions::default()
    };
    let read = |text: &str, options: &ReadOptions| {
        LabelTable::from_reader("t.csv", text.as_bytes(), options)
    };
    let text = "id,e,v,ks\n1,6,10,3 5\n2,,20,3 3\n3,6,30,3 5\n";
    let repeated = read(text, &options).unwrap_err().to_string();
    assert_eq!(repeated, "t.csv, line 4: key \"3 5|6\" is already on line 2");
    let options = ReadOptions { repeats: true, ..options };
    let t = read(text, &options).unwrap();
    assert_eq!(t.keys(), ["3 5|6", "3 3|", "3 5|6"]);
    assert_eq!((t.key_kind(), t.column_names()), (KeyKind::Architecture, &["v".to_owned()][..]));
    assert_eq!((t.row_of("3 5|6"), t.class(0) == t.class(2)), (Some(0), true));
    let t = t.classified(|key| key.starts_with("3 5").then(|| "x".to_owned()));
    assert!(t.class(0) == t.class(2) && t.class(0) != t.class(1));
    let whole = read("arch_str,ks,e,v\na,3,4,1\n", &options).unwrap();
    assert_eq!(whole.keys(), ["a"]);
    let none = read("ks,v\n3,1\n", &options).unwrap_err().to_string();
    let want = "no key column (\"arch_str\" or \"ks\" and \"e\" or \"path\")";
    assert!(none.ends_with(want), "{none}");
}

#[test]
fn key_and_class_columns_can_be_named() {
    let options = ReadOptions {
        key: Some("model".into()),
        class: Some("family".into()),
        columns: Some(vec!["acc".into()]),
        ..ReadOptions::default()
    };
    let text = "model,family,acc,interp\na,resnet,1,bicubic\nb,resnet,2,x\nc,vit,3,y\n";
    let t = LabelTable::from_reader("t.csv", text.as_bytes(), &options).unwrap();
    assert_eq!(t.class(0), t.class(1));
    assert_ne!(t.class(0), t.class(2));
    assert_eq!(t.key_kind(), KeyKind::Name);
    let wrong = ReadOptions { class: Some("famly".into()), ..options };
    let e = LabelTable::from_reader("t.csv", text.as_bytes(), &wrong).unwrap_err();
    assert_eq!(e.to_string(), "t.csv: no column \"famly\", did you mean family?");
}

#[test]
fn text_columns_are_refused_only_when_asked_for() {
    let text = "path,note,v\na,good,1\nb,3,2\nc,bad,4\n";
    let t = read(text).unwrap();
    assert_eq!(t.numeric_columns().collect::<Vec<_>>(), ["v"]);
    let want = "t.csv, line 2: column \"note\": \"good\" is not a number";
    assert_eq!(t.column("note").unwrap_err().to_string(), want);
    let options = ReadOptions { columns: Some(vec!["note".into()]), ..ReadOptions::default() };
    let e = LabelTable::from_reader("t.csv", text.as_bytes(), &options).unwrap_err();
    assert_eq!(e.to_string(), want);
    let lax = ReadOptions { columns: Some(vec!["v".into()]), ..ReadOptions::default() };
    let damaged = "path,v,w\na,1,1\nb,2,2\nc,3,oops\n";
    assert!(LabelTable::from_reader("t.csv", damaged.as_bytes(), &lax).is_ok());
    assert_eq!(message(damaged), "t.csv, line 4: column \"w\": \"oops\" is not a number");
}

#[test]
fn bad_tables_are_explained() {
    for (text, want) in [
        ("", "t.csv: the file is empty"),
        ("\n\n", "t.csv: the file is empty"),
        ("path,v\n", "t.csv: the table has no rows"),
        ("name,v\na,1\n", "t.csv, line 1: no key column (\"arch_str\" or \"path\")"),
        ("path,v,v\na,1,2\n", "t.csv, line 1: columns 2 and 3 are both named \"v\""),
        ("path,v\na,1\nb,-inf\n", "t.csv, line 3: column \"v\": \"-inf\" is not a finite number"),
        ("path,v\na,1e999\n", "t.csv, line 2: column \"v\": \"1e999\" is not a finite number"),
        ("path,v\na,1\nb\n", "t.csv, line 3: 1 cells, the header has 2"),
        ("path,v\na,1,2\n", "t.csv, line 2: 3 cells, the header has 2"),
        ("path,v\na,1\nb,2\na,3\n", "t.csv, line 4: key \"a\" is already on line 2"),
        ("path,v\n,1\n", "t.csv, line 2: the key is empty"),
        ("path,v\na,1\nb,\"2\n", "t.csv, line 3: the quote that begins in this row is not closed"),
        ("path,unique_rep_index\na,\n", "t.csv, line 2: the class is empty"),
        (
            "path,arch_index\na,x\n",
            "t.csv, line 2: column \"arch_index\": \"x\" is not a whole number",
        ),
    ] {
        assert_eq!(message(text), want, "{text:?}");
    }
}

#[test]
fn comments_may_stand_before_the_header() {
    let text = "# machine: a, \"b\" and c\n#\npath,v\n#a,1\nb,x\n";
    assert_eq!(
        message(&text.replace('x', "inf")),
        "t.csv, line 5: column \"v\": \"inf\" is not a finite number"
    );
    let t = read(&text.replace('x', "2")).unwrap();
    assert_eq!((t.keys().join(" "), t.line(0)), ("#a b".to_owned(), Some(4)));
    assert_eq!(message("# nothing\n"), "t.csv: the file is empty");
}

#[test]
fn lines_are_right_whatever_the_newlines() {
    for text in [
        "path,v\r\na,1\r\nb,2\r\nc\r\n",
        "path,v\na,1\n\nc\n",
        "path,v\r\r\ra\r",
        "path,v\n\"a\nb\",1\nc",
    ] {
        assert!(message(text).starts_with("t.csv, line 4: 1 cells"), "{text:?}: {}", message(text));
    }
}

#[test]
fn tables_of_spreadsheets_and_other_programs_are_the_same_table() {
    let plain = read("path,v,w\na,1.5,2\nb,,3\n").unwrap();
    for text in [
        "path;v;w\na;1,5;2\nb;;3\n",
        "path\tv\tw\na\t1.5\t2\nb\tNA\t3\n",
        "path,v,w,,\na,1.5,2,,\nb,NaN,3,,\n,,,,\n,,,,\n",
        "path,v,,w\na,1.5,,2\nb,null,,3\n",
        ",path,v,w\n0,a,1.5,2\n1,b,<NA>,3\n",
        "[{\"path\":\"a\",\"v\":1.5,\"w\":2},\n{\"path\":\"b\",\"v\":NaN,\"w\":3}]",
        "{\"path\":\"a\",\"v\":1.5,\"w\":2}\n{\"path\":\"b\",\"v\":\"N/A\",\"w\":3}\n{}\n",
    ] {
        let table = read(text).unwrap_or_else(|e| panic!("{text:?}: {e}"));
        assert_eq!(table.keys(), plain.keys(), "{text:?}");
        assert_eq!(table.column_names(), plain.column_names(), "{text:?}");
        for name in ["v", "w"] {
            assert_eq!(table.column(name).unwrap(), plain.column(name).unwrap(), "{text:?}");
        }
    }
}

#[test]
fn unknown_columns_get_near_names() {
    let t = read("path,cifar10_acc,cifar100_acc\na,1,2\n").unwrap();
    assert_eq!(
        t.column("cifar10_ac").unwrap_err().to_string(),
        "t.csv: no column \"cifar10_ac\", did you mean cifar10_acc or cifar100_acc?"
    );
    assert_eq!(t.column("zzzzz").unwrap_err().to_string(), "t.csv: no column \"zzzzz\"");
}

#[test]
fn text_that_is_not_utf8_and_byte_order_marks() {
    let e =
        LabelTable::from_reader("t.csv", &b"path,v\na,1\nb\xff,2\n"[..], &ReadOptions::default());
    assert_eq!(e.unwrap_err().to_string(), "t.csv, line 3: cell 1 is not UTF-8 text");
    assert_eq!(read("\u{feff}path,v\na,1\n").unwrap().rows(), 1);
}

#[test]
fn long_cells_are_cut_in_messages() {
    let text = message(&format!("path,v\na,1\nb,2\nc,{}\n", "é".repeat(5000)));
    assert!(text.len() < 250 && text.contains("..."), "{text}");
}

#[test]
fn gzip_is_known_by_its_magic_and_must_be_whole() {
    let text: String =
        (0..5000).fold("path,v\n".into(), |t, i| t + &format!("m{}.onnx,{i}\n", i * 7919 % 99991));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text.as_bytes()).unwrap();
    let bytes = gz.finish().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("plain_name.csv");
    let read = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        LabelTable::read(&path, &ReadOptions::default())
    };
    assert_eq!(read(&bytes).unwrap().rows(), 5000);
    for cut in [2, 9, bytes.len() / 2, bytes.len() - 4] {
        let e = read(&bytes[..cut]).unwrap_err().to_string();
        assert!(e.contains("plain_name.csv") && e.contains("cut short"), "{cut}: {e}");
    }
    // Damaged bytes may be unpacked to malformed rows: the checksum is asked first.
    for at in (20..bytes.len()).step_by(97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        assert_eq!(read(&damaged).unwrap_err().kind(), ErrorKind::Unreadable, "byte {at}");
    }
    let missing = LabelTable::read(dir.path().join("no.csv"), &ReadOptions::default());
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::Io);
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(0u8..=255, 0..200)) {
        let mut text = b"path,v\n".to_vec();
        text.extend(&bytes);
        let _ = LabelTable::from_reader("t.csv", &text[..], &ReadOptions::default());
        let _ = LabelTable::from_reader("t.csv", &bytes[..], &ReadOptions::default());
    }
}
