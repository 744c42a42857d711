fn main() {
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let (name, s) = line.split_once('\t').unwrap();
        let d = nneval_graph::features::Design::of(&nneval_graph::opstring::parse(s).unwrap());
        let v: Vec<String> = d.facts.iter().map(|(n, x)| format!("\"f_{n}\":{x:?}")).chain(d.terms.iter().map(|(n, x)| format!("\"t_{n}\":{x:?}"))).collect();
        println!("{{\"file\":\"{name}\",{}}}", v.join(","));
    }
}
