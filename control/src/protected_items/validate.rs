//! Whether a machine can be protected, before somebody tries (DISC-6).

use base::{Code, Error, Result};
use state::machines::Hardware;
use state::resources;
use state::vaults::Vault;

use super::ItemName;
use super::enable::{check_enabling, group_of, machine};
use crate::Control;

/// What was found of a machine.
#[derive(Debug)]
pub struct Validated {
    /// The names that its item has, or would have.
    pub name: ItemName,
    /// What keeps it from being protected.
    pub refusal: Option<Error>,
    /// What does not, but is less than Azure asks for (LIMIT-3, 4); sentences, or empty.
    pub advice: String,
}

impl Control {
    /// Whether a machine can be protected, in this vault if one is named.
    ///
    /// # Errors
    /// `ResourceNotFound` for a machine or a vault that is not there; those of the records.
    pub async fn validate(&self, machine_id: &str, vault: Option<&str>) -> Result<Validated> {
        let mut tx = self.state.read().await?;
        let source = machine(&mut tx, machine_id).await?;
        let there = match vault {
            None => None,
            Some(id) => {
                let found = resources::get::<Vault>(&mut tx, id).await?;
                Some(found.ok_or_else(|| {
                    let detail = format!("there is no vault {id}");
                    Error::new(Code::ResourceNotFound, detail)
                })?)
            }
        };
        let refusal = match check_enabling(&mut tx, there.as_ref(), &source).await {
            Err(e) if e.code() == Code::StateUnavailable => return Err(e),
            done => done.err(),
        };
        let name = ItemName {
            group: group_of(&source.id).to_owned(),
            machine: source.name.clone(),
        };
        Ok(Validated {
            name,
            refusal,
            advice: advice(&source.body.hardware),
        })
    }
}

/// What Azure would not back up, as far as it is known of a machine.
fn advice(hardware: &Hardware) -> String {
    let is_small =
        hardware.processors.is_some_and(|n| n < 2) || hardware.memory.is_some_and(|m| m < 1 << 30);
    let of_32_bits = [
        "i386", "i486", "i586", "i686", "armv7l", "ppc", "mips", "mipsel",
    ];
    let architecture = hardware.architecture.as_deref();
    let mut advice = Vec::new();
    if is_small {
        advice.push(
            "The machine has less than the 2 cores and 1 GiB of memory that Azure asks for; here \
             it is backed up all the same, but its guest may be slow to freeze, and a freeze that \
             is too slow leaves the point crash-consistent.",
        );
    }
    if architecture.is_some_and(|a| of_32_bits.contains(&a)) {
        advice.push(
            "The machine is one of 32 bits, which Azure doesn't back up; here it is backed up all \
             the same, and file-system-consistent only with a QEMU guest agent built for it.",
        );
    }
    advice.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_3_4_what_azure_would_not_back_up_is_told_and_what_is_not_known_is_not() {
        let of = |processors, memory: Option<u64>, architecture: Option<&str>| {
            advice(&Hardware {
                processors,
                memory,
                architecture: architecture.map(str::to_owned),
            })
        };
        assert_eq!(of(None, None, None), "");
        assert_eq!(of(Some(2), Some(1 << 30), Some("x86_64")), "");
        for small in [
            of(Some(1), None, None),
            of(Some(4), Some((1 << 30) - 1), None),
        ] {
            assert!(small.contains("2 cores and 1 GiB"), "{small}");
        }
        let old = of(Some(4), Some(4 << 30), Some("i686"));
        assert!(old.contains("32 bits") && !old.contains("cores"), "{old}");
        let both = of(Some(1), None, Some("i386"));
        assert!(both.contains("32 bits") && both.contains("cores"), "{both}");
    }
}
