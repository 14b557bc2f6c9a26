//! Folders and files as the file system holds them.

use std::fs;
use std::path::Path;

use kis_conf::{ReadOptions, check_read, read_dir};

const FLOW: &str = "kistype: flow\nflow_name: F\nflows: [fname: f]\n";

/// Reads a folder that `fill` has filled; the temporary folder's own name is left out of the texts.
fn folder(fill: impl FnOnce(&Path)) -> Result<Vec<String>, String> {
    let temp = tempfile::tempdir().unwrap();
    let conf = temp.path().join("conf");
    fs::create_dir(&conf).unwrap();
    fill(&conf);
    let read = read_dir(&conf, &ReadOptions::default());
    let files = read.0.files.iter().map(|file| file.name.clone()).collect();
    let clean = |text: String| text.replace(&temp.path().display().to_string(), "TEMP");
    check_read(read)
        .map(|_| files)
        .map_err(|problems| clean(problems.to_string()))
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn any_depth_and_both_endings() {
    let files = folder(|conf| {
        write(&conf.join("b.yaml"), FLOW);
        write(&conf.join("a/x/y/z.yml"), FLOW.replace('F', "G"));
        write(&conf.join("notes.txt"), "not: [yaml");
        write(&conf.join(".hidden.yml"), "not: [yaml");
        write(&conf.join(".git/x.yml"), "not: [yaml");
    });
    assert_eq!(files.unwrap(), ["conf/a/x/y/z.yml", "conf/b.yaml"]);
}

#[test]
fn byte_order_mark_and_crlf() {
    let text = format!("\u{feff}{}", FLOW.replace('\n', "\r\n"));
    assert!(folder(|conf| write(&conf.join("a.yml"), &text)).is_ok());
    let wrong = text.replace("flow_name", "flow_nme");
    insta::assert_snapshot!(folder(|conf| write(&conf.join("a.yml"), &wrong)).unwrap_err(), @"conf/a.yml:2:1: [KIS0004] unknown key flow_nme of a flow; did you mean flow_name, which is missing?");
}

#[test]
fn not_utf8() {
    let bad = |bytes: &[u8]| folder(|conf| write(&conf.join("a.yml"), bytes)).unwrap_err();
    insta::assert_snapshot!(bad(b"kistype: flow\nflow_name: \xe5\xad\xa6 \xff\n"), @"conf/a.yml:2:14: [KIS0009] the file is not UTF-8; save it as UTF-8");
    insta::assert_snapshot!(bad(b"\xff\xfek\0i\0s\0"), @"conf/a.yml:1:1: [KIS0009] the file is not UTF-8; save it as UTF-8");
}

#[test]
fn nothing_there() {
    insta::assert_snapshot!(folder(|_| ()).unwrap_err(), @"[KIS0002] TEMP/conf holds no .yml or .yaml file; a flow is declared by a kistype: flow file");
    insta::assert_snapshot!(folder(|conf| fs::remove_dir(conf).unwrap()).unwrap_err(), @"TEMP/conf: [KIS0010] there is no such file or folder; name the folder that holds the configuration");
}

#[test]
fn too_large() {
    let large = vec![b'#'; 10 << 20];
    insta::assert_snapshot!(folder(|conf| write(&conf.join("a.yml"), &large)).unwrap_err(), @"conf/a.yml: [KIS0011] the file is larger than 8 MiB; split it into several files");
}

#[test]
fn one_file_will_do() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("flow.yml");
    write(&path, FLOW);
    let (conf, problems) = read_dir(&path, &ReadOptions::default());
    assert!(problems.is_empty());
    assert_eq!(conf.files[0].name, "flow.yml");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn links() {
        let files = folder(|conf| {
            write(&conf.join("real/a.yml"), FLOW);
            symlink(conf.join("real/a.yml"), conf.join("b.yml")).unwrap();
        });
        // One file under two names is two documents of one name.
        insta::assert_snapshot!(files.unwrap_err(), @"conf/real/a.yml:2:12: [KIS0116] two flow documents are named F; rename or remove one; the other is at conf/b.yml:2:12");
    }

    #[test]
    fn loops_of_links() {
        let files = folder(|conf| {
            write(&conf.join("deep/er/a.yml"), FLOW);
            symlink(conf, conf.join("deep/er/up")).unwrap();
            symlink("x.yml", conf.join("y.yml")).unwrap();
            symlink("y.yml", conf.join("x.yml")).unwrap();
            symlink("nowhere.yml", conf.join("gone.yml")).unwrap();
        });
        insta::assert_snapshot!(files.unwrap_err(), @r"
        conf/deep/er/up: [KIS0010] the link leads back to a folder above it
        conf/gone.yml: [KIS0010] there is no such file or folder
        conf/x.yml: [KIS0010] it cannot be read: Too many levels of symbolic links (os error 40)
        conf/y.yml: [KIS0010] it cannot be read: Too many levels of symbolic links (os error 40)
        ");
    }

    /// A process that may read everything sees no error here, so the expectation follows what the system says.
    #[test]
    fn unreadable_file() {
        let mut readable = true;
        let files = folder(|conf| {
            let path = conf.join("a.yml");
            write(&path, FLOW);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
            readable = fs::read(&path).is_ok();
        });
        match readable {
            true => assert_eq!(files.unwrap(), ["conf/a.yml"]),
            false => assert_eq!(
                files.unwrap_err(),
                "conf/a.yml: [KIS0010] it cannot be read: permission denied"
            ),
        }
    }

    /// Reading a named pipe would wait forever.
    #[test]
    fn not_a_file() {
        let files = folder(|conf| {
            let made = std::process::Command::new("mkfifo")
                .arg(conf.join("a.yml"))
                .status()
                .unwrap();
            assert!(made.success());
        });
        insta::assert_snapshot!(files.unwrap_err(), @"conf/a.yml: [KIS0010] it is not a file");
    }
}
