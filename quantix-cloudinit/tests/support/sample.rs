//! Arbitrary documents, made by walking through a schema of cloud-init.

use serde_json::{Map, Value as Json, json};

/// A stream of numbers that is the same in every run.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }

    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.roll(items.len())]
    }
}

/// Values of every type, for places where something else is asked for.
fn wrong(dice: &mut Dice) -> Json {
    let all = json!([
        null, true, 0, -1, 3.5, "", "no", "0644", "10G", [], {}, ["a", "a"], [1], {"type": "x"},
        {"name": "a"}, {"type": ["a"]}, "2024-02-30", [[]]
    ]);
    dice.pick(all.as_array().unwrap()).clone()
}

/// Makes documents of one schema.
pub struct Sampler<'a> {
    root: &'a Json,
    /// One part in so many is made wrong; none for 0.
    wrong_one_in: usize,
}

impl<'a> Sampler<'a> {
    pub fn new(root: &'a Json, wrong_one_in: usize) -> Self {
        Self { root, wrong_one_in }
    }

    /// A document with some of the keys at the top.
    pub fn document(&self, dice: &mut Dice) -> Json {
        let mut out = Map::new();
        for _ in 0..=dice.roll(4) {
            let modules = self.root["allOf"].as_array().unwrap();
            let module = self.follow(&modules[dice.roll(modules.len())]);
            if let Json::Object(part) = self.of(module, dice, 0) {
                out.extend(part);
            }
        }
        Json::Object(out)
    }

    /// The same for a schema that is no part of this one.
    #[allow(dead_code, reason = "each test file uses the part that it needs")]
    pub fn follow_any<'b>(&'b self, schema: &'b Json) -> &'b Json {
        match schema["$ref"].as_str() {
            Some(name) => self.follow_any(&self.root["$defs"][name.rsplit('/').next().unwrap()]),
            None => schema,
        }
    }

    /// A key that a pattern allows.
    #[allow(dead_code, reason = "each test file uses the part that it needs")]
    pub fn key_of(pattern: &str) -> &'static str {
        if pattern.contains("ecdsa") { "ed25519_public" } else { "any0" }
    }

    pub fn follow(&self, schema: &'a Json) -> &'a Json {
        match schema["$ref"].as_str() {
            Some(name) => self.follow(&self.root["$defs"][name.rsplit('/').next().unwrap()]),
            None => schema,
        }
    }

    pub fn of(&self, schema: &'a Json, dice: &mut Dice, depth: usize) -> Json {
        if self.wrong_one_in > 0 && depth > 0 && dice.roll(self.wrong_one_in) == 0 {
            return wrong(dice);
        }
        let schema = self.follow(schema);
        for word in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[word].as_array() {
                if schema.get("properties").is_none() {
                    return self.of(dice.pick(choices), dice, depth + 1);
                }
                let mut own = self.object(schema, dice, depth);
                if let (Json::Object(own), Json::Object(chosen)) =
                    (&mut own, self.of(dice.pick(choices), dice, depth + 1))
                {
                    own.extend(chosen);
                }
                return own;
            }
        }
        if let (None, Some([first, ..])) =
            (schema.get("type"), schema["allOf"].as_array().map(Vec::as_slice))
        {
            return self.of(first, dice, depth + 1);
        }
        if let Some(values) = schema["enum"].as_array() {
            return dice.pick(values).clone();
        }
        let kind = match &schema["type"] {
            Json::Array(kinds) => dice.pick(kinds).as_str().unwrap_or("object"),
            kind => kind.as_str().unwrap_or("object"),
        };
        match kind {
            "null" => Json::Null,
            "boolean" => json!(dice.roll(2) == 0),
            "integer" | "number" => {
                let least = schema["minimum"].as_i64().unwrap_or(0);
                json!(least + i64::try_from(dice.roll(9)).unwrap())
            }
            "string" => json!(text(schema, dice)),
            "array" => self.list(schema, dice, depth),
            _ => self.object(schema, dice, depth),
        }
    }

    fn list(&self, schema: &'a Json, dice: &mut Dice, depth: usize) -> Json {
        let least = schema["minItems"].as_u64().map_or(0, |n| usize::try_from(n).unwrap());
        let len = if depth > 9 { least } else { least + dice.roll(3) };
        match &schema["items"] {
            Json::Array(items) => items.iter().map(|item| self.of(item, dice, depth + 1)).collect(),
            Json::Object(_) => {
                (0..len.max(1)).map(|_| self.of(&schema["items"], dice, depth + 1)).collect()
            }
            _ => (0..len).map(|n| json!(format!("item{n}"))).collect(),
        }
    }

    fn object(&self, schema: &'a Json, dice: &mut Dice, depth: usize) -> Json {
        let mut out = Map::new();
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            let chance = if depth > 9 { 0 } else { dice.roll(3) };
            if required.contains(&key.as_str()) || chance > 0 {
                out.insert(key.clone(), self.of(inner, dice, depth + 1));
            }
        }
        for (pattern, inner) in schema["patternProperties"].as_object().into_iter().flatten() {
            if dice.roll(2) == 0 {
                out.insert(Self::key_of(pattern).to_owned(), self.of(inner, dice, depth + 1));
            }
        }
        if schema["additionalProperties"].is_object() {
            let inner = &schema["additionalProperties"];
            out.insert("other".to_owned(), self.of(inner, dice, depth + 1));
        }
        if self.wrong_one_in > 0 && dice.roll(self.wrong_one_in) == 0 {
            out.insert(format!("x{}", dice.roll(9)), wrong(dice));
        }
        Json::Object(out)
    }
}

fn text(schema: &Json, dice: &mut Dice) -> String {
    let plain = ["a", "/x/y", "no", "0123", "é: #1", "two\nlines\n", "10M", "x.y-z_1"];
    match (schema["pattern"].as_str(), schema["format"].as_str()) {
        (Some(pattern), _) if pattern.contains("[BKMGT]") => "10M".to_owned(),
        (Some(pattern), _) if pattern.contains(".+:.+") => "a:b".to_owned(),
        (Some(pattern), _) if pattern.contains("[0-9]+$") => "5".to_owned(),
        (Some(_), _) => "a,b".to_owned(),
        (_, Some("date")) => "2038-01-19".to_owned(),
        _ => (*dice.pick(&plain)).to_owned(),
    }
}
