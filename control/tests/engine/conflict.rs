//! A machine that is on two hosts at once.

use base::Code;
use control::HostInput;
use control::plane::Discovered;
use control::scripted::{Ends, Phase, machine};
use policy::TaskStatus as T;
use state::jobs::JobStatus as J;
use state::recovery_points::Tiers;

use crate::time::stands;
use crate::world::{WEB, World};

const OTHER: &str = "test:///b";

impl World {
    /// The machine `web` is on a second host, too.
    async fn doubled(&self) {
        let machines = vec![machine(WEB, "web", &[1 << 30])];
        let networks = None;
        self.plane.set(OTHER, Discovered { machines, networks });
        let input = HostInput {
            location: Some("onprem".to_owned()),
            connection: Some(OTHER.to_owned()),
            group: Some("default".to_owned()),
            ..HostInput::default()
        };
        self.control.put_host("b", input).await.unwrap();
        self.control.discover().await.unwrap();
    }
}

#[tokio::test]
async fn a_machine_on_two_hosts_is_not_backed_up_and_what_was_taken_is_still_sent() {
    let world = World::protecting().await;
    // The vault does not answer at first, so that the transfer is taken up once more.
    world.ends(Phase::Transfer, &[Ends::Fails(Code::StoreUnavailable)]);
    let before = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    world.doubled().await;
    let refused = world.backup_now("web", None).await.unwrap();
    world.settle().await;
    let refused = world.job(refused).await;
    assert_eq!(stands(&refused), (T::Failed, T::Failed, J::Failed));
    let code = &refused.body.errors[0].code;
    assert_eq!(code, Code::MachineInConflict.name());
    world.minutes(1).await;
    let sent = world.job(before).await;
    assert_eq!(stands(&sent), (T::Completed, T::Completed, J::Completed));
    let points = world.points("web").await;
    assert_eq!(points.len(), 1);
    assert_eq!(points[0].tiers, Tiers::SnapshotAndVault);
}
