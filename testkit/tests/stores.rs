//! The object stores start, empty and apart from each other.

use std::process::Command;

use testkit::stores;

/// Status of a request, by the standard library of the Python that is there.
fn status(url: &str) -> String {
    let script = "import sys, urllib.request as u, urllib.error as e\n\
                  try: print(u.urlopen(sys.argv[1]).status)\n\
                  except e.HTTPError as x: print(x.code)\n\
                  except e.URLError: print('none')";
    let output = Command::new("python3")
        .args(["-c", script, url])
        .output()
        .expect("python3 runs");
    String::from_utf8(output.stdout)
        .expect("python3 runs")
        .trim()
        .to_owned()
}

#[test]
fn s3_has_its_bucket_and_ends_when_dropped() {
    let (one, two) = (stores::s3().unwrap(), stores::s3().unwrap());
    assert_ne!(one.endpoint, two.endpoint);
    let bucket = format!("{}/{}", one.endpoint, one.bucket);
    assert_eq!(status(&bucket), "200");
    assert_eq!(status(&format!("{}/other", one.endpoint)), "404");
    drop(one);
    assert_eq!(status(&bucket), "none");
}

#[test]
fn azure_has_its_container_and_wants_signatures() {
    let azure = stores::azure().unwrap();
    let container = format!("{}/{}?restype=container", azure.endpoint, azure.container);
    assert_eq!(status(&container), "403", "unsigned requests are refused");
}
