//! Rules that protect machines by themselves, or tell which are not protected (DISC-12).

use base::{Code, Result};
use control::plane::Discovered;
use control::scripted::machine;
use control::{ItemChange, ItemName, RuledState as R};
use jiff::SignedDuration;
use state::activity::Filter;
use state::jobs::JobOperation;
use state::locks::{Lock, LockLevel};
use state::protected_items::ProtectionState;
use state::protection_rules::{ProtectionRule, Rule, RuleEffect, RuleMachines};
use state::vaults::SoftDeleteState;
use uuid::Uuid;

use crate::world::{HOST, World};

/// Protects all machines in `v1` that are found from now on.
fn all(world: &World) -> Rule {
    Rule {
        machines: RuleMachines::All,
        tag_name: None,
        tag_values: Vec::new(),
        location: None,
        resource_group: None,
        effect: RuleEffect::Protect,
        vault_id: Some(world.control.vault_id("default", "v1")),
        new_vault_group: None,
        policy_name: "DefaultPolicy".to_owned(),
        remediate: false,
    }
}

/// The same of those that have the tag `backup`, or have it not.
fn tagged(world: &World, with: bool) -> Rule {
    Rule {
        machines: match with {
            true => RuleMachines::WithTag,
            false => RuleMachines::WithoutTag,
        },
        tag_name: Some("Backup".to_owned()),
        ..all(world)
    }
}

impl World {
    async fn rule(&self, name: &str, rule: Rule) -> ProtectionRule {
        let put = self.control.put_protection_rule(name, rule).await;
        put.unwrap().0.body
    }

    async fn refused_rule(&self, rule: Rule) -> Code {
        let put = self.control.put_protection_rule("r", rule).await;
        put.unwrap_err().code()
    }

    async fn tag(&self, machine: &str, value: &str) {
        let tags = [("backup".to_owned(), value.to_owned())].into();
        let tagged = self.control.tag_machine("default", machine, tags).await;
        tagged.unwrap();
    }

    /// Adds machines that run, with one disk each.
    async fn discovered(&self, names: &[String]) {
        let mut machines = vec![
            machine(crate::world::WEB, "web", &[1 << 30]),
            machine(crate::world::DB, "db", &[5, 6]),
        ];
        for (n, name) in (100..).zip(names) {
            machines.push(machine(Uuid::from_u128(n << 96), name, &[1]));
        }
        let networks = None;
        self.plane.set(HOST, Discovered { machines, networks });
        self.control.discover().await.unwrap();
    }

    /// A later round of the reconcilers.
    async fn round(&self) {
        self.clock.advance(SignedDuration::from_mins(6));
        self.control.maintain().await;
    }

    /// Each machine of a rule, how it stands and what keeps the rule from it.
    async fn ruled(&self, name: &str) -> Vec<(String, R, Option<Code>)> {
        let found = self.control.ruled_machines(name, None, None, 1000).await;
        let found = found.unwrap().into_iter();
        found
            .map(|m| (m.machine.name, m.state, m.refusal.map(|e| e.code())))
            .collect()
    }

    /// The same of one machine.
    async fn stands(&self, rule: &str, machine: &str) -> (R, Option<Code>) {
        let all = self.ruled(rule).await;
        let found = all.into_iter().find(|m| m.0 == machine).unwrap();
        (found.1, found.2)
    }

    async fn failures(&self, rule: &str) -> Vec<(String, String)> {
        let rule = self.control.protection_rule(rule).await.unwrap();
        let all = rule.body.failures.into_iter();
        all.map(|f| (f.location, f.code)).collect()
    }
}

/// Who says what was there is told apart from what comes later.
#[tokio::test]
async fn disc_12_a_rule_protects_what_is_found_or_tagged_later_or_all_that_there_is() {
    let world = World::new().await;
    world.rule("later", all(&world)).await;
    world.round().await;
    assert!(world.no_item("web").await);
    assert_eq!(world.stands("later", "web").await, (R::Unprotected, None));
    // One that comes.
    world.discovered(&["new".to_owned()]).await;
    assert_eq!(world.stands("later", "new").await, (R::Pending, None));
    world.round().await;
    let item = world.item("new").await;
    assert_eq!(item.state, ProtectionState::InitialBackupPending);
    assert_eq!(item.body.policy_name, "DefaultPolicy");
    assert!(item.next_run.is_some());
    assert_eq!(world.stands("later", "new").await, (R::Protected, None));
    assert!(world.no_item("web").await);
    // All that there are.
    let remediate = true;
    let since = world
        .rule(
            "later",
            Rule {
                remediate,
                ..all(&world)
            },
        )
        .await;
    assert!(since.since < world.item("new").await.created);
    world.round().await;
    for machine in ["web", "db"] {
        assert!(!world.no_item(machine).await, "{machine}");
    }
    // The log tells that it was the rule, and the jobs that it was nobody.
    let jobs = world.jobs(JobOperation::ConfigureBackup).await;
    assert_eq!(jobs.len(), 3);
    assert!(jobs.iter().all(|job| !job.body.by_user));
    let log = world.control.activity(&Filter::default(), None, 100).await;
    let log = log.unwrap();
    for machine in ["new", "web", "db"] {
        let id = world.item(machine).await.id.to_lowercase();
        let entry = log.iter().find(|entry| entry.scope == id).unwrap();
        let caller = entry.body["caller"].as_str().unwrap();
        assert!(caller.ends_with("/protectionRules/later"), "{caller}");
    }
}

#[tokio::test]
async fn disc_12_rules_go_by_a_tag_its_values_a_group_and_a_location() {
    let world = World::new().await;
    world.rule("with", tagged(&world, true)).await;
    world
        .rule(
            "without",
            Rule {
                effect: RuleEffect::AuditOnly,
                vault_id: None,
                ..tagged(&world, false)
            },
        )
        .await;
    world.clock.advance(SignedDuration::from_secs(1));
    world.tag("web", "daily").await;
    let names = async |rule: &str| -> Vec<String> {
        world.ruled(rule).await.into_iter().map(|m| m.0).collect()
    };
    assert_eq!(names("with").await, ["web"]);
    assert_eq!(names("without").await, ["db"]);
    // It was there before the rule, but not as one of its machines.
    world.round().await;
    assert_eq!(world.stands("with", "web").await, (R::Protected, None));
    assert_eq!(world.stands("without", "db").await, (R::Unprotected, None));
    assert!(world.no_item("db").await, "audit changes nothing");
    // Tags stay with what discovery finds.
    world.discovered(&[]).await;
    let web = world.control.machine("default", "web").await.unwrap();
    assert_eq!(web.body.said.tags["backup"], "daily");

    let values = |value: &str| Rule {
        tag_values: vec![value.to_owned(), "never".to_owned()],
        remediate: true,
        ..tagged(&world, true)
    };
    world.rule("with", values("Daily")).await;
    assert_eq!(
        names("with").await,
        [""; 0],
        "values are compared as they are"
    );
    world.rule("with", values("daily")).await;
    assert_eq!(names("with").await, ["web"]);

    let group = control::GroupInput {
        location: Some("onprem".to_owned()),
        tags: None,
    };
    world.control.put_group("other", group).await.unwrap();
    world
        .control
        .put_location("moon", None, None)
        .await
        .unwrap();
    let of_group = |group: &str| Rule {
        resource_group: Some(group.to_owned()),
        ..all(&world)
    };
    let kept = world.rule("with", of_group("DEFAULT")).await.rule;
    assert_eq!(kept.resource_group.as_deref(), Some("default"));
    assert_eq!(kept.location.as_deref(), Some("onprem"), "the vault's");
    assert_eq!(names("with").await, ["db", "web"]);
    world.rule("with", of_group("other")).await;
    assert_eq!(names("with").await, [""; 0]);
    world
        .rule(
            "with",
            Rule {
                effect: RuleEffect::AuditOnly,
                vault_id: None,
                location: Some("moon".to_owned()),
                ..all(&world)
            },
        )
        .await;
    assert_eq!(names("with").await, [""; 0]);
}

#[tokio::test]
async fn disc_12_a_rule_makes_a_vault_for_a_location_and_tells_what_keeps_it_from_that() {
    let world = World::new().await;
    let rule = Rule {
        vault_id: None,
        new_vault_group: Some("default".to_owned()),
        remediate: true,
        ..all(&world)
    };
    // LIMIT-1: one vault, and that is there.
    world
        .control
        .set_limit("vaults_per_location", Some(1))
        .await
        .unwrap();
    let unknown = Rule {
        policy_name: "nightly".to_owned(),
        ..rule.clone()
    };
    assert_eq!(world.refused_rule(unknown).await, Code::PolicyNotFound);
    world.rule("auto", rule.clone()).await;
    assert_eq!(world.stands("auto", "web").await, (R::Pending, None));
    let in_pool = || {
        std::fs::read_dir(world.folder.path().join("pool"))
            .unwrap()
            .count()
    };
    let before = in_pool();
    world.round().await;
    assert_eq!(in_pool(), before);
    let reached = Code::LimitReached.name().to_owned();
    assert_eq!(
        world.failures("auto").await,
        [("onprem".to_owned(), reached)]
    );
    let refused = (R::Refused, Some(Code::LimitReached));
    assert_eq!(world.stands("auto", "web").await, refused);
    world
        .control
        .set_limit("vaults_per_location", Some(2))
        .await
        .unwrap();
    world.round().await;
    assert_eq!(world.failures("auto").await, []);
    let name = |machine: &str| ItemName {
        group: "default".to_owned(),
        machine: machine.to_owned(),
    };
    for machine in ["web", "db"] {
        let item = world
            .control
            .item("default", "auto-onprem", &name(machine))
            .await;
        assert_eq!(item.unwrap().body.policy_name, "DefaultPolicy");
    }
    world.round().await;
    assert_eq!(world.control.vaults(None, None, 9).await.unwrap().len(), 2);
    // VAULT-16: its own vault, wherever that is.
    let group = control::GroupInput {
        location: Some("onprem".to_owned()),
        tags: None,
    };
    world.control.put_group("other", group).await.unwrap();
    let names = std::collections::BTreeSet::from(["auto-onprem".to_owned()]);
    let moved = world.control.move_vaults("default", &names, "other").await;
    moved.unwrap();
    world.discovered(&["late".to_owned()]).await;
    world.round().await;
    assert_eq!(world.failures("auto").await, []);
    assert_eq!(world.stands("auto", "late").await, (R::Protected, None));
    let late = world
        .control
        .item("other", "auto-onprem", &name("late"))
        .await;
    late.unwrap();
    let back = world.control.move_vaults("other", &names, "default").await;
    back.unwrap();
    // Nothing of it goes with the rule.
    assert!(world.control.delete_protection_rule("AUTO").await.unwrap());
    assert!(!world.control.delete_protection_rule("auto").await.unwrap());
    let item = world
        .control
        .item("default", "auto-onprem", &name("web"))
        .await;
    assert_eq!(item.unwrap().state, ProtectionState::InitialBackupPending);
}

/// VAULT-16
#[tokio::test]
async fn disc_12_a_rule_follows_its_vault_to_another_group() {
    let world = World::new().await;
    let remediate = true;
    let rule = Rule {
        remediate,
        ..all(&world)
    };
    world.rule("all", rule).await;
    let group = control::GroupInput {
        location: Some("onprem".to_owned()),
        tags: None,
    };
    world.control.put_group("other", group).await.unwrap();
    let names = std::collections::BTreeSet::from(["v1".to_owned()]);
    let moved = world.control.move_vaults("default", &names, "other").await;
    moved.unwrap();
    world.round().await;
    assert_eq!(world.failures("all").await, []);
    assert_eq!(world.stands("all", "web").await, (R::Protected, None));
    let items = world
        .control
        .items("other", "v1", control::Which::default(), None, 9);
    assert_eq!(items.await.unwrap().len(), 2);
}

/// What somebody has decided stays so: stopped, suspended, deleted softly and for good.
#[tokio::test]
async fn disc_12_what_somebody_has_stopped_or_deleted_is_left_alone() {
    let world = World::new().await;
    let names = ["a", "b", "c", "d"].map(str::to_owned);
    world.discovered(&names).await;
    for name in &names {
        world.protect(name, "DefaultPolicy").await.unwrap();
    }
    world.change("a", ItemChange::Stop).await.unwrap();
    world.change("b", ItemChange::Suspend).await.unwrap();
    world.backup_now("c", None).await.unwrap();
    world.settle().await;
    world.delete("c").await.unwrap();
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    world.delete("d").await.unwrap();
    world.settle().await;
    world.round().await;
    assert!(world.no_item("d").await, "its item is gone");
    let rule = Rule {
        remediate: true,
        ..all(&world)
    };
    world.rule("all", rule).await;
    world.round().await;
    for name in &names {
        assert_eq!(
            world.stands("all", name).await,
            (R::Stopped, None),
            "{name}"
        );
    }
    assert_eq!(
        world.item("a").await.state,
        ProtectionState::ProtectionStopped
    );
    assert_eq!(
        world.item("b").await.state,
        ProtectionState::BackupsSuspended
    );
    assert!(world.item("c").await.purge_at.is_some());
    assert!(world.no_item("d").await);
    // The others are protected, and `c` stays so when it is purged.
    assert_eq!(world.stands("all", "web").await, (R::Protected, None));
    world.days(15).await;
    world.round().await;
    assert!(world.no_item("c").await);
    assert_eq!(world.stands("all", "c").await, (R::Stopped, None));
    // People may.
    world.protect("d", "DefaultPolicy").await.unwrap();
    assert_eq!(world.stands("all", "d").await, (R::Protected, None));
}

#[tokio::test]
async fn disc_12_a_round_protects_200_machines_at_most() {
    let world = World::new().await;
    let names: Vec<String> = (0..205).map(|n| format!("m{n:03}")).collect();
    let rule = Rule {
        remediate: true,
        ..all(&world)
    };
    world.discovered(&names).await;
    world.rule("all", rule).await;
    let count = async |state: R| {
        let all = world.ruled("all").await.into_iter();
        all.filter(|m| m.1 == state).count()
    };
    world.round().await;
    assert_eq!(
        (count(R::Protected).await, count(R::Pending).await),
        (200, 7)
    );
    world.control.maintain().await;
    assert_eq!(count(R::Protected).await, 200, "not at once");
    world.round().await;
    assert_eq!(
        (count(R::Protected).await, count(R::Pending).await),
        (207, 0)
    );
}

/// One machine that can't be protected keeps no other waiting, and is protected when it can be.
#[tokio::test]
async fn disc_12_what_keeps_a_rule_from_machines_is_told_by_machine_or_location() {
    let world = World::new().await;
    let rule = Rule {
        remediate: true,
        ..all(&world)
    };
    world.rule("all", rule.clone()).await;
    let web = world.control.machine_id("default", "web");
    let lock = Lock {
        level: LockLevel::ReadOnly,
        notes: None,
    };
    world
        .control
        .put_lock(&web, "l", lock.clone())
        .await
        .unwrap();
    world.round().await;
    let locked = (R::Refused, Some(Code::ScopeLocked));
    assert_eq!(world.stands("all", "web").await, locked);
    assert_eq!(world.stands("all", "db").await, (R::Protected, None));
    assert!(world.no_item("web").await);
    assert_eq!(world.failures("all").await, []);
    world.control.delete_lock(&web, "l").await.unwrap();
    world.round().await;
    assert_eq!(world.stands("all", "web").await, (R::Protected, None));

    // The vault takes no more, by its own limit and by its lock.
    world
        .control
        .set_limit("machines_per_vault", Some(2))
        .await
        .unwrap();
    world.discovered(&["new".to_owned()]).await;
    world.round().await;
    let full = (R::Refused, Some(Code::LimitReached));
    assert_eq!(world.stands("all", "new").await, full);
    let vault = world.control.vault_id("default", "v1");
    world.control.put_lock(&vault, "l", lock).await.unwrap();
    world.round().await;
    let onprem = |code: Code| [("onprem".to_owned(), code.name().to_owned())];
    assert_eq!(world.failures("all").await, onprem(Code::ScopeLocked));
    assert_eq!(world.stands("all", "new").await, locked);
    world.control.delete_lock(&vault, "l").await.unwrap();

    // A policy and a vault that are gone.
    world
        .put_policy("gold", policy::Policy::standard_default())
        .await;
    let policy_name = "Gold".to_owned();
    let kept = world
        .rule(
            "all",
            Rule {
                policy_name,
                ..rule
            },
        )
        .await
        .rule;
    assert_eq!(kept.policy_name, "gold");
    let deleted = world.control.delete_policy("default", "v1", "gold").await;
    deleted.unwrap();
    world.round().await;
    assert_eq!(world.failures("all").await, onprem(Code::PolicyNotFound));
    let none = (R::Refused, Some(Code::PolicyNotFound));
    assert_eq!(world.stands("all", "new").await, none);
    world.soft_delete(SoftDeleteState::Disabled, 14).await;
    for machine in ["web", "db"] {
        world.delete(machine).await.unwrap();
    }
    world.settle().await;
    world.round().await;
    let deleted: Result<()> = world.control.delete_vault("default", "v1", None).await;
    deleted.unwrap();
    world.round().await;
    assert_eq!(world.failures("all").await, onprem(Code::ResourceNotFound));
    let gone = (R::Refused, Some(Code::ResourceNotFound));
    assert_eq!(world.stands("all", "new").await, gone);
}

/// What makes a rule another.
type Change<'a> = &'a dyn Fn(&mut Rule);

#[tokio::test]
async fn disc_12_a_rule_names_what_goes_together_and_is_there() {
    let world = World::new().await;
    let moon = world.control.put_location("moon", None, None).await;
    moon.unwrap();
    let of = |change: &dyn Fn(&mut Rule)| {
        let mut rule = all(&world);
        change(&mut rule);
        rule
    };
    let some = |text: &str| Some(text.to_owned());
    let cases: [(Change<'_>, Code); 11] = [
        (&|r| r.machines = RuleMachines::WithTag, Code::BadArgument),
        (&|r| r.tag_name = some("a"), Code::BadArgument),
        (&|r| r.tag_values = vec!["a".to_owned()], Code::BadArgument),
        (&|r| r.vault_id = None, Code::BadArgument),
        (&|r| r.new_vault_group = some("default"), Code::BadArgument),
        (&|r| r.effect = RuleEffect::AuditOnly, Code::BadArgument),
        (&|r| r.location = some("mars"), Code::LocationUnknown),
        (&|r| r.location = some("moon"), Code::WrongRegion),
        (&|r| r.resource_group = some("none"), Code::GroupNotFound),
        (&|r| r.policy_name = "none".to_owned(), Code::PolicyNotFound),
        (&|r| r.vault_id = some("/none"), Code::ResourceNotFound),
    ];
    for (n, (change, code)) in cases.into_iter().enumerate() {
        assert_eq!(world.refused_rule(of(change)).await, code, "case {n}");
    }
    // The names of the vaults that it would make.
    let makes = of(&|r| (r.vault_id, r.new_vault_group) = (None, some("default")));
    for name in ["1st", &"r".repeat(49), "r_r"] {
        let put = world.control.put_protection_rule(name, makes.clone()).await;
        assert_eq!(put.unwrap_err().code(), Code::NameInvalid, "{name}");
    }
    let none = world.control.ruled_machines("r", None, None, 9).await;
    assert_eq!(none.unwrap_err().code(), Code::ResourceNotFound);
}

/// What was there before a rule stays as it is, whatever else is said of it.
#[tokio::test]
async fn disc_12_another_tag_or_name_or_effect_makes_no_machine_new() {
    let world = World::new().await;
    world.tag("db", "yes").await;
    world.clock.advance(SignedDuration::from_mins(1));
    world.rule("all", all(&world)).await;
    world.rule("without", tagged(&world, false)).await;
    let with = Rule {
        effect: RuleEffect::AuditOnly,
        vault_id: None,
        ..tagged(&world, true)
    };
    world.rule("with", with).await;
    world.clock.advance(SignedDuration::from_mins(1));
    let tags = |all: &[(&str, &str)]| {
        let own = |(tag, value): &(&str, &str)| ((*tag).to_owned(), (*value).to_owned());
        all.iter().map(own).collect()
    };
    let both = tags(&[("backup", "yes"), ("owner", "ann")]);
    world
        .control
        .tag_machine("default", "db", both)
        .await
        .unwrap();
    let owner = tags(&[("owner", "ann")]);
    world
        .control
        .tag_machine("default", "web", owner)
        .await
        .unwrap();
    // Only from now on does it protect.
    world.rule("with", tagged(&world, true)).await;
    let machines = vec![
        machine(crate::world::WEB, "www", &[1 << 30]),
        machine(crate::world::DB, "db", &[5, 6]),
    ];
    let networks = None;
    world.plane.set(HOST, Discovered { machines, networks });
    world.control.discover().await.unwrap();
    world.round().await;
    for (rule, name) in [
        ("all", "www"),
        ("all", "db"),
        ("without", "www"),
        ("with", "db"),
    ] {
        let stands = world.stands(rule, name).await;
        assert_eq!(stands, (R::Unprotected, None), "{rule} {name}");
    }
    // Its own tag, taken away, does.
    world
        .control
        .tag_machine("default", "db", tags(&[]))
        .await
        .unwrap();
    world.round().await;
    assert_eq!(world.stands("without", "db").await, (R::Protected, None));
}
