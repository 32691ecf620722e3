//! Replays: the same observations give the same alerts, and each rule is judged on its own time line.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{Timestamp, Validate};

fn rules(value: Value) -> AlertRules {
    let rules: AlertRules = serde_json::from_value(value).unwrap();
    assert_eq!(rules.findings(), []);
    rules
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_ms(seconds * 1000)
}

fn seen(kind: &str, id: &str, more: Value) -> Observation {
    let mut value = json!({"object_kind": kind, "object_id": id});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

/// Evaluates step by step; what changed is shown as `second:kind:rule:object`.
fn replay(rules: &AlertRules, steps: &[(i64, Vec<Observation>)]) -> (AlertBook, Vec<String>) {
    let mut book = AlertBook::default();
    let mut shown = Vec::new();
    for (second, observations) in steps {
        let evaluation = book.evaluate(rules, observations, at(*second)).unwrap();
        for change in evaluation.changes {
            let object = change.alert.object_id.as_deref().unwrap_or("-");
            let muted = change.muted_by.map(|by| format!(" ({by})")).unwrap_or_default();
            shown.push(format!("{second} {} {} {object}{muted}", change.kind, change.alert.rule));
            assert_eq!(change.alert.findings(), []);
        }
        let text = serde_json::to_string(&book).unwrap();
        assert_eq!(serde_json::from_str::<AlertBook>(&text).unwrap(), book);
    }
    (book, shown)
}

#[test]
fn waits_before_it_raises_and_before_it_resolves() {
    let rules = rules(json!({"rules": [{
        "name": "hot", "severity": "warning", "object_kind": "node", "for_seconds": 60, "keep_seconds": 30,
        "condition": {"kind": "above", "metric": "cpu", "value": 90, "clear": 80},
        "message": "{object} is at {value} % {nothing}",
    }]}));
    let cpu = |value: f64| vec![seen("node", "n1", json!({"metrics": {"cpu": value}}))];
    let steps: Vec<_> = [
        (0, cpu(95.0)),
        (30, cpu(89.0)),
        (40, cpu(95.0)),
        (99, cpu(95.0)),
        (100, cpu(95.5)),
        (110, cpu(85.0)),
        (120, cpu(80.0)),
        (140, cpu(81.0)),
        (150, cpu(70.0)),
        (160, vec![]),
        (180, cpu(70.0)),
        (190, cpu(91.0)),
    ]
    .into();
    let (book, shown) = replay(&rules, &steps);
    assert_eq!(shown, ["100 raised hot n1", "180 resolved hot n1"]);
    assert_eq!(book.alerts().count(), 0);
    let (book, _) = replay(&rules, &steps[..6]);
    let (alert, muted_by) = book.alerts().next().unwrap();
    assert_eq!((alert.message.as_str(), muted_by), ("n1 is at 95.5 % {nothing}", None));
    assert_eq!(alert.id.as_str(), "hot:node:n1:100000");
}

#[test]
fn states_absence_selectors_silences_and_inhibition() {
    let rules = rules(json!({
        "rules": [
            {"name": "vm_crashed", "severity": "critical", "object_kind": "vm",
                "condition": {"kind": "state", "state": "power_state", "any_of": ["crashed"]},
                "selector": {"tier": "web"}, "inhibited_by": ["node_lost"]},
            {"name": "node_lost", "severity": "critical", "object_kind": "node",
                "condition": {"kind": "absent", "seconds": 90}},
            {"name": "pool_low", "severity": "info", "object_kind": "storage_pool",
                "condition": {"kind": "below", "metric": "free_percent", "value": 10, "clear": 15}},
        ],
        "silences": [{"name": "work", "rule": "pool_low", "from": "1970-01-01T00:01:00Z",
            "until": "1970-01-01T00:02:00Z"}],
    }));
    let vm = |tier: &str, state: &str| {
        seen(
            "vm",
            "v",
            json!({"on": "n1", "labels": {"tier": tier}, "states": {"power_state": state}}),
        )
    };
    let pool = |free: u32| seen("storage_pool", "p", json!({"metrics": {"free_percent": free}}));
    let node = || seen("node", "n1", json!({}));
    let (book, shown) = replay(
        &rules,
        &[
            (0, vec![node(), vm("db", "crashed"), pool(5)]),
            (30, vec![vm("web", "crashed"), pool(12)]),
            (60, vec![pool(14)]),
            (100, vec![]),
            (120, vec![node()]),
            (130, vec![vm("db", "crashed"), pool(15)]),
        ],
    );
    assert_eq!(
        shown,
        [
            "0 raised pool_low p",
            "30 raised vm_crashed v",
            "60 muted pool_low p (silence:work)",
            "100 raised node_lost n1",
            "100 muted vm_crashed v (rule:node_lost)",
            "120 resolved node_lost n1",
            "120 unmuted pool_low p",
            "120 unmuted vm_crashed v",
            "130 resolved pool_low p",
            "130 resolved vm_crashed v",
        ]
    );
    assert_eq!(book.alerts().count(), 0);
}

#[test]
fn a_rule_that_is_gone_resolves_its_alerts() {
    let some =
        rules(json!({"rules": [{"name": "up", "severity": "info", "object_kind": "platform",
        "condition": {"kind": "above", "metric": "x", "value": 0}}]}));
    let mut book = AlertBook::default();
    let object: Observation =
        serde_json::from_value(json!({"object_kind": "platform", "metrics": {"x": 1}})).unwrap();
    assert_eq!(book.evaluate(&some, std::slice::from_ref(&object), at(0)).unwrap().firing, 1);
    book.alert_mut("up:platform:platform:0").unwrap().acknowledge("ops", at(1));
    let after = book.evaluate(&AlertRules::default(), &[], at(2)).unwrap();
    assert_eq!((after.changes.len(), after.firing, book.tracks.len()), (1, 0, 0));
}

#[test]
fn what_is_refused() {
    let mut book = AlertBook { evaluated_at: Some(at(9)), ..AlertBook::default() };
    let nobody: Observation = serde_json::from_value(json!({"object_kind": "vm"})).unwrap();
    let long = seen("vm", &"x".repeat(129), json!({}));
    let none = AlertRules::default();
    let mut code = |observations: &[Observation], at| {
        book.evaluate(&none, observations, at).unwrap_err().code()
    };
    assert_eq!(code(&[], at(8)), "time-order");
    assert_eq!(code(std::slice::from_ref(&nobody), at(9)), "object-mismatch");
    assert_eq!(code(&[long], at(9)), "object-mismatch");
    assert_eq!(code(&vec![nobody; OBSERVATIONS_MAX + 1], at(9)), "too-many");
}

#[test]
fn every_fault_of_the_rules_is_told() {
    let rule = |name: &str, condition: Value| json!({"name": name, "severity": "info", "object_kind": "vm", "condition": condition});
    let mut first = rule("A", json!({"kind": "above", "metric": "cpu", "value": 1, "clear": 2}));
    first["inhibited_by"] = json!(["A", "x"]);
    first["for_seconds"] = json!(604_801);
    let document: AlertRules = serde_json::from_value(json!({
        "schema_version": 9,
        "rules": [first, rule("b", json!({"kind": "below", "metric": "", "value": 2, "clear": 1})),
            rule("b", json!({"kind": "state", "state": "s", "any_of": []})),
            rule("c", json!({"kind": "absent", "seconds": 0}))],
        "silences": [{"name": "s", "rule": "x", "from": "1970-01-01T00:01:00Z", "until": "1970-01-01T00:01:00Z"}],
    })).unwrap();
    let found: Vec<_> = document
        .findings()
        .into_iter()
        .map(|finding| format!("{} {}", finding.path.unwrap_or_default(), finding.code))
        .collect();
    assert_eq!(
        found,
        [
            "schema_version unsupported-version",
            "rules[2].name duplicate",
            "rules[0].name bad-word",
            "rules[0].condition.clear threshold-order",
            "rules[0].for_seconds out-of-range",
            "rules[0].inhibited_by[0] inhibits-itself",
            "rules[0].inhibited_by[1] rule-not-found",
            "rules[1].condition.metric bad-word",
            "rules[1].condition.clear threshold-order",
            "rules[2].condition.any_of empty",
            "rules[3].condition.seconds out-of-range",
            "silences[0].until time-order",
            "silences[0].rule rule-not-found",
        ]
    );
    let many =
        AlertRules { rules: vec![document.rules[3].clone(); ALERT_RULES_MAX + 1], ..document };
    assert!(many.findings().iter().any(|finding| finding.code == "too-many"));
}

proptest! {
    /// The obvious way: look back over the whole history of one value at each step.
    #[test]
    fn agrees_with_looking_back(values in proptest::collection::vec(0u32..10, 1..40), wait in 0u32..4, keep in 0u32..4) {
        let rules = rules(json!({"rules": [{"name": "r", "severity": "info", "object_kind": "vm",
            "for_seconds": wait, "keep_seconds": keep,
            "condition": {"kind": "above", "metric": "m", "value": 6, "clear": 3}}]}));
        let steps: Vec<_> = (0i64..).zip(&values)
            .map(|(second, value)| (second, vec![seen("vm", "v", json!({"metrics": {"m": value}}))]))
            .collect();
        let (book, shown) = replay(&rules, &steps);
        let mut fires = false;
        let mut changed_at = 0;
        let mut expected = Vec::new();
        for now in 0..values.len() {
            let span = |length: u32| {
                let begin = now.checked_sub(length as usize)?;
                (begin >= changed_at).then(|| &values[begin..=now])
            };
            if !fires && span(wait).is_some_and(|span| span.iter().all(|value| *value > 6)) {
                fires = true;
                // What happened at this very moment counts for what follows too, but it holds.
                changed_at = now + 1;
                expected.push(format!("{now} raised r v"));
            } else if fires && span(keep).is_some_and(|span| span.iter().all(|value| *value <= 3)) {
                fires = false;
                changed_at = now + 1;
                expected.push(format!("{now} resolved r v"));
            }
        }
        prop_assert_eq!(shown, expected);
        prop_assert_eq!(book.alerts().count(), usize::from(fires));
    }
}
