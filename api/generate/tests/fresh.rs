//! The generated files follow from the description.

#[test]
fn generated_files_are_fresh() {
    let expected = glassbox_api_generate::generate().unwrap();
    let mut present = glassbox_api_generate::present().unwrap();
    present.sort();
    assert_eq!(present, expected.keys().cloned().collect::<Vec<_>>(), "other files than are generated");
    for (name, text) in &expected {
        let committed = std::fs::read_to_string(glassbox_api_generate::output_dir().join(name)).unwrap();
        assert!(committed == *text, "{name} is stale: run `cargo run -p glassbox-api-generate`");
    }
}
