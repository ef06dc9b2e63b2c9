//! Every error a user can meet: its code, its usual cause, its remedy.

use std::fmt;

/// What a caller can do about an error. The command's exit code follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request itself is wrong; asking again changes nothing. Exit code 2.
    Invalid,
    /// It does not exist. Exit code 4.
    NotFound,
    /// A key, passphrase or permission is missing or wrong. Exit code 5.
    Denied,
    /// Something is in the way: it exists already, or is in use. Exit code 7.
    Conflict,
    /// Stored bytes are damaged or not what they claim to be. Exit code 8.
    Integrity,
    /// A store, host or agent does not answer; trying again may work. Exit code 9.
    Unavailable,
    /// No space is left. Exit code 10.
    NoSpace,
    /// The user or a signal ended it. Exit code 130.
    Cancelled,
    /// Anything else. Exit code 1.
    Failed,
}

impl Kind {
    /// The exit code of the `stillpoint` command for errors of this kind. Code 3 is kept
    /// for work that ended with warnings.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Invalid => 2,
            Self::NotFound => 4,
            Self::Denied => 5,
            Self::Conflict => 7,
            Self::Integrity => 8,
            Self::Unavailable => 9,
            Self::NoSpace => 10,
            Self::Cancelled => 130,
        }
    }
}

macro_rules! codes {
    ($($variant:ident = $text:literal, $kind:ident, $cause:literal, $remedy:literal;)*) => {
        /// Which error it is. The names are part of the interface: scripts may match them.
        /// Names that the Azure service publishes are used where the meaning is the same
        /// (`SPEC` rows ERR-*).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $cause] $variant,)*
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &[Code] = &[$(Code::$variant,)*];

            /// The stable name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What a caller can do about it.
            #[must_use]
            pub fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)* }
            }

            /// The usual cause.
            #[must_use]
            pub fn cause(self) -> &'static str {
                match self { $(Self::$variant => $cause,)* }
            }

            /// What to do.
            #[must_use]
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy,)* }
            }
        }
    };
}

codes! {
    // Input.
    BadArgument = "BadArgument", Invalid,
        "A value given to the command has the wrong form or is out of range.",
        "Correct the value named in the message; `--help` shows the forms.";
    TargetExists = "TargetExists", Conflict,
        "The file or object to be made is there already.",
        "Choose another name or remove what is there; a restore onto an image that exists wants --overwrite.";
    TargetTooSmall = "TargetTooSmall", Invalid,
        "The target of a restore is smaller than the disk.",
        "Give a target of at least the disk's size.";
    FileNotFound = "FileNotFound", NotFound,
        "A file or folder that is needed does not exist.",
        "Check the path named in the message.";
    FileAccessDenied = "FileAccessDenied", Denied,
        "The system refused access to a file: ownership, mode, AppArmor or SELinux.",
        "Run as a user that may use the path, or allow it in the security profile named in the message.";
    ExtentListInvalid = "ExtentListInvalid", Invalid,
        "The list of changed extents can't be read or lies outside the source.",
        "Give one `offset length` pair in bytes a line, inside the source.";
    // Stores and vaults.
    NotAVault = "NotAVault", NotFound,
        "The place holds no Stillpoint vault.",
        "Check the path; make a vault with `stillpoint vault create`.";
    VaultExists = "VaultExists", Conflict,
        "The place holds a vault already.",
        "Use the vault that is there, or choose an empty folder.";
    VaultForeign = "VaultForeign", Conflict,
        "The two stores, or the store and the key, belong to different vaults.",
        "Use the store and the key of the same vault; `stillpoint vault show` prints a vault's id.";
    VaultTooNew = "VaultTooNew", Invalid,
        "The vault was written by a newer version whose format this one does not know.",
        "Use a newer Stillpoint; nothing was changed.";
    StoreUnsafe = "StoreUnsafe", Invalid,
        "The storage lets a second writer replace an object that exists, so concurrent backups could lose data.",
        "Use storage that honours conditional creation (a local file system, S3 with If-None-Match, Azure Blob).";
    StoreUnavailable = "StoreUnavailable", Unavailable,
        "The store does not answer, or answered with an error.",
        "Check that the storage is mounted and reachable, then run the command again; finished work is kept.";
    VaultDamaged = "UserErrorVaultDamaged", Integrity,
        "Stored bytes differ from what was written.",
        "`stillpoint verify` names what is hurt, `stillpoint vault repair --from STORE` mends it from another store of the vault, and `stillpoint rescue` takes out what is left.";
    PassphraseWrong = "UserErrorVaultPassphraseWrong", Denied,
        "The passphrase or key file does not open the vault's key.",
        "Give the right passphrase or key file; an exported key also opens the vault.";
    KeyMissing = "UserErrorVaultKeyMissing", Denied,
        "No key was given, or the data is sealed with a data key that the given one does not hold.",
        "Give the vault's passphrase or key file; a host's key opens what this host may read.";
    KeyObjectLost = "UserErrorVaultKeyObjectLost", Denied,
        "The store holds no key object that can be read, so no passphrase or key file opens it.",
        "Give a key export with --exported-key, a host key with --key, or heal the store from another copy with `stillpoint vault repair --from`.";
    KeyFileDamaged = "KeyFileDamaged", Integrity,
        "The key file, host key or key export is cut short, was changed, or is of another kind.",
        "Use another copy of the file, or make a new one from the vault with its passphrase.";
    Fenced = "SessionFenced", Conflict,
        "Another run for the same machine and phase took over while this one was busy.",
        "Nothing was lost: see whether the other run succeeded, else run again.";
    BackupInProgress = "UserErrorBackupOperationInProgress", Conflict,
        "A backup of this machine is running already (JOB-18).",
        "Wait until it has ended, or cancel it.";
    PointNotFound = "PointNotFound", NotFound,
        "No recovery point has that id.",
        "List the points with `stillpoint point list`.";
    InstantPointNotFound = "UserErrorInstantRpNotFound", NotFound,
        "The snapshot tier does not hold that point, and it was not transferred.",
        "Choose another point.";
    DiskNotFound = "DiskNotFound", NotFound,
        "The machine or point has no disk of that name.",
        "List the disks with `stillpoint vm show` or `stillpoint point show`.";
    NoSpace = "NoSpaceLeft", NoSpace,
        "The file system that is written to is full.",
        "Free space on it, then run the command again; what was stored before is intact.";
    SnapshotStoreTooSmall = "SnapshotStoreTooSmall", NoSpace,
        "The snapshot store has less free space than the first backup is estimated to need.",
        "Free space, move the snapshot store, or back up straight to the vault.";
    // Machines.
    MachineNotFound = "UserErrorVmNotFoundV2", NotFound,
        "The hypervisor knows no machine of that name or UUID.",
        "List the machines with `stillpoint vm list`.";
    MachineVanished = "UserErrorVmNotInDesirableState", Unavailable,
        "The machine stopped, crashed or was removed in the middle of the work.",
        "Start the machine if it should run, then run the backup again.";
    MachineRunning = "UserErrorVmNotShutDown", Conflict,
        "The machine is running, so its disks can't be replaced.",
        "Shut the machine down and run the restore again.";
    MachineExists = "MachineExists", Conflict,
        "A machine of that name or UUID is defined already.",
        "Give another name with --name, and --new-identity for a new UUID and new MAC addresses.";
    DiskUnsupported = "UserErrorUnsupportedDisk", Invalid,
        "The disk can't be backed up in this way.",
        "Leave it out with --exclude, or convert it as the message says.";
    NoDisks = "NoDisksSelected", Invalid,
        "No disk of the machine is left to back up.",
        "Include at least one disk that can be backed up.";
    HypervisorUnavailable = "HypervisorUnavailable", Unavailable,
        "libvirt or the QEMU monitor does not answer.",
        "Check that libvirtd runs, or that the monitor's socket exists and no other program holds it.";
    HypervisorError = "UserErrorCrpReportedUserError", Failed,
        "The hypervisor refused or failed an operation.",
        "See the message for the hypervisor's own words.";
    HypervisorDenied = "HypervisorAccessDenied", Denied,
        "This user may not reach the hypervisor, or the hypervisor may not use a scratch file, socket or disk: file ownership, AppArmor or SELinux.",
        "Run as a user that may use the hypervisor's socket; put scratch where QEMU may write (--scratch); or allow the path in its security profile.";
    FreezeFailed = "UserErrorFsFreezeFailed", Unavailable,
        "The guest agent could not freeze the file systems within the budget; everything was thawed.",
        "Check the guest agent and its freeze hooks, or allow a crash-consistent point.";
    ThawFailed = "ThawFailed", Unavailable,
        "The guest was frozen and the agent has not confirmed the thaw; the watchdog goes on trying.",
        "Check the guest agent; restart the guest if its file systems stay frozen.";
    AgentUnavailable = "UserErrorGuestAgentStatusUnavailable", Unavailable,
        "The guest agent does not answer.",
        "Install or restart qemu-guest-agent in the guest.";
    AgentRefused = "GuestAgentRefused", Failed,
        "The guest agent answered a command with an error.",
        "See the message for the agent's own words; freeze hooks in the guest are the usual place to look.";
    ScratchFull = "SnapshotScratchFull", NoSpace,
        "The guest wrote more during the backup than the scratch space holds, so the snapshot was given up; the guest was not held.",
        "Run the backup again: it goes on where it stopped. Give more scratch space if it happens often.";
    ScratchTooSmall = "SnapshotScratchTooSmall", NoSpace,
        "Too little space is free for the copy-before-write scratch.",
        "Free space, or choose another place with --scratch.";
    SnapshotBroken = "SnapshotBroken", Unavailable,
        "The hypervisor gave up the snapshot before all of it was read.",
        "Run the backup again: it goes on where it stopped.";
    RestoreIncomplete = "RestoreIncomplete", Conflict,
        "An earlier restore onto this target was cut short; the target holds a mixture.",
        "Run the same restore again to complete it.";
    // The server.
    InvalidRequestContent = "InvalidRequestContent", Invalid,
        "The body of a request is no JSON, or a property has the wrong type.",
        "Correct the property that the message names.";
    RequestTooLarge = "RequestEntityTooLarge", Invalid,
        "The body of a request is longer than 1 MiB, or was cut short.",
        "Send at most 1 MiB in one request.";
    MissingApiVersion = "MissingApiVersionParameter", Invalid,
        "The request names no api-version.",
        "Add `api-version=…` to the query; any date is accepted.";
    InvalidToken = "InvalidAuthenticationToken", Denied,
        "The request carries no token, or one that is no longer good.",
        "Log in again, for a new token.";
    CrossSiteRefused = "CrossSiteRequestRefused", Denied,
        "A request that a session's cookie answers for lacks the header `x-stillpoint-csrf`, or a page of another site sent it.",
        "Send the header with any value, from a page of this server; a program that is no browser sends its token in `Authorization`.";
    LoginFailed = "invalid_client", Denied,
        "The name or secret of a login is wrong.",
        "Check both; those of the first start are in `first-start.txt` in the server's folder.";
    PasswordWrong = "invalid_grant", Denied,
        "The name or password of a user is wrong, its login was ended, or a code is wrong or over.",
        "Check both and log in again; an Owner sets a new password with `stillpoint user reset-password`.";
    AccountLocked = "UserAccountLocked", Denied,
        "Too many wrong passwords were given for the user, one after another.",
        "Wait until the time in the message, or have an Owner run `stillpoint user reset-password`.";
    PasswordChangeRequired = "UserPasswordChangeRequired", Denied,
        "The user's password is a one-time password, which only serves to set one of its own.",
        "Set a password with `stillpoint user password NAME --url URL --ca FILE`; `stillpoint login --user NAME` asks for one too.";
    PasswordInvalid = "UserPasswordInvalid", Invalid,
        "The new password breaks the rule for passwords.",
        "Choose one of 12 to 256 characters that is not the user's name and not the one before.";
    CredentialInvalid = "CredentialInvalid", Invalid,
        "A certificate for an application can't be read, is over, or has a key that can't be used.",
        "Give a certificate in PEM that is valid now, with an RSA key of 2048 bits or more, or an EC key on P-256 or P-384.";
    NotLoggedIn = "NotLoggedIn", Denied,
        "The command asks a server, and nobody has logged in to one here.",
        "Run `stillpoint login --url URL --ca FILE`, with `--user NAME` or `--client-id ID`; the server's first start prints the whole line.";
    ServerUnavailable = "ServerUnavailable", Unavailable,
        "The server does not answer, or failed at the request.",
        "Check that it runs and that its address and CA certificate are right; then ask again.";
    AuthorizationFailed = "AuthorizationFailed", Denied,
        "None of the caller's roles allows the action at that scope.",
        "Ask an owner for a role that does (RBAC-5).";
    SubscriptionNotFound = "SubscriptionNotFound", NotFound,
        "The server has no subscription of that id.",
        "List them with `az account list --refresh`.";
    GroupNotFound = "ResourceGroupNotFound", NotFound,
        "The subscription has no resource group of that name.",
        "Make it with `az group create`, or correct the name.";
    TypeNotFound = "InvalidResourceType", NotFound,
        "The server has no resources of that type.",
        "Check the path named in the message.";
    NameInvalid = "InvalidResourceName", Invalid,
        "A name breaks its rule.",
        "Choose another name, as the message says.";
    NameTaken = "ResourceNameTaken", Conflict,
        "Another resource has the name, which must be the only one in its subscription.",
        "Choose another name.";
    LocationUnknown = "LocationNotAvailableForResourceType", Invalid,
        "The server has no location of that name.",
        "Choose one of `az account list-locations`.";
    RedundancyLocked = "BMSUserErrorVaultStorageRedundancyCannotBeModified", Invalid,
        "A vault's redundancy can't be changed once an item was protected in it (REPL-4).",
        "Make another vault with the redundancy that is wanted.";
    SoftDeleteAlwaysOn = "BMSUserErrorDisablingSoftDeleteStateNotAllowed", Invalid,
        "Soft delete that is always on can't be switched off (SOFT-6).",
        "Leave it on; deleted data goes when its days are over.";
    LocationFixed = "InvalidResourceLocation", Conflict,
        "A resource's location can't be changed (VAULT-7).",
        "Leave the location as it is, or make another resource.";
    DataFolderInUse = "DataFolderInUse", Conflict,
        "Another server has the data folder.",
        "End the other server first, or give this one a folder of its own with --data.";
    DataFolderEmpty = "DataFolderEmpty", NotFound,
        "The folder or database that was named holds no records of a server.",
        "Check --data, --state and --config; a server's first start makes its records.";
    ConfigurationInvalid = "ConfigurationInvalid", Invalid,
        "The configuration file has settings that do not exist, or values of the wrong form.",
        "Correct the lines named in the message; `stillpoint server check-config` shows all of them.";
    ServerKeyInvalid = "ServerKeyInvalid", Integrity,
        "The server's key is malformed, or is not the one that wrapped its secrets.",
        "Put back the key file that belongs to these records, or restore both from a server backup.";
    ObjectNotFound = "BMSUserErrorObjectNotFound", NotFound,
        "The vault has no such protected item or job, or it was removed.",
        "List them with `az backup item list` and `az backup job list`.";
    RecoveryPointNotFound = "BMSUserErrorRecoveryPointNotFound", NotFound,
        "The protected item has no such recovery point, or it has expired.",
        "List them with `az backup recoverypoint list`.";
    AlreadyProtected = "BMSUserErrorAlreadyProtected", Conflict,
        "The machine is protected already, in this vault or in another one.",
        "Stop its protection there and delete the data, or go on with it there.";
    WrongRegion = "BMSUserErrorRegionMismatch", Invalid,
        "The machine and the vault are in different locations.",
        "Protect it in a vault of its own location.";
    MachineInConflict = "UserErrorVmOnTwoHosts", Conflict,
        "Two hosts have a machine of the same UUID at the same time.",
        "Remove one of the two, or give it a UUID of its own.";
    BackupOverdue = "BackupOverdue", Failed,
        "A day after a run was due by the policy there is still no newer recovery point.",
        "Look at the jobs of the machine and at what else its health details name, and back it up now.";
    ItemSoftDeleted = "BMSUserErrorItemSoftDeleted", Conflict,
        "The item's backups were deleted and are kept for the days of soft delete.",
        "Undelete it first, or wait until its days are over.";
    ItemStateWrong = "BMSUserErrorInvalidProtectionState", Conflict,
        "The item is not in the state that the change needs.",
        "Look at the item's protection state and choose what it allows.";
    BackupBeforeRestoreFailed = "BackupBeforeRestoreFailed", Failed,
        "What the restore would have written over could not be backed up first (RESTORE-7); nothing was changed.",
        "Mend what the backup job named in the message complains of, or restore to a new machine or a folder.";
    NotProtected = "UserErrorBcmDatasourceNotPresent", Invalid,
        "The machine is not actively protected (PROT-8).",
        "Enable or resume its protection first.";
    InvalidInput = "BMSUserErrorInvalidInput", Invalid,
        "A value of a request is out of bounds.",
        "Correct the value that the message names.";
    JobNotCancellable = "BMSUserErrorJobNotCancellable", Invalid,
        "The job has ended, or is of a kind that can't be cancelled (JOB-16).",
        "Wait until it has ended.";
    VaultNotEmpty = "ServiceResourceNotEmptyWithContainerDetails", Invalid,
        "A vault with backup data can't be deleted (VAULT-18).",
        "Stop the protection of its items with deletion of their data; what is soft-deleted must be purged first.";
    PolicyInvalid = "BMSUserErrorInvalidPolicyInput", Invalid,
        "A policy breaks a rule (POLICY-5 to 13, 20, 27, 28), or a property of it can't be read.",
        "Correct the properties that the message names.";
    SnapshotsOutliveVault = "BMSUserErrorInstantRPRetentionExceedsVaultedRetention", Invalid,
        "A policy would keep snapshots longer than the points of the vault.",
        "Keep snapshots for fewer days, or points for longer.";
    PolicyNotFound = "BMSUserErrorPolicyNotFound", NotFound,
        "The vault has no policy of that name.",
        "List them with `az backup policy list`.";
    PolicyInUse = "BMSUserErrorPolicyInUse", Invalid,
        "Items have the policy, so it can't be deleted, nor become another sub-type (POLICY-30).",
        "Give its items another policy first; `az backup policy list-associated-items` lists them.";
    PolicyKindRefused = "BMSUserErrorPolicyTypeChangeRefused", Invalid,
        "A machine that is protected by a standard policy was to get an enhanced one whose settings refuse such machines (POLICY-30).",
        "Choose a standard policy, or allow it in the settings of the enhanced one: `stillpoint policy settings NAME --refuse-standard-items false`.";
    LimitReached = "BMSUserErrorLimitReached", Invalid,
        "There are as many of a thing as a limit allows (LIMIT-1, 2; POLICY-25, 26; RESTORE-17).",
        "Remove some or wait, or raise the limit that the message names: `stillpoint limit set`.";
    SnapshotLimitReached = "UserErrorRpCollectionLimitReached", Conflict,
        "The machine has as many snapshots as a limit allows (SNAP-10): a lock keeps old ones, or many were taken on demand.",
        "Remove the lock on the snapshot group and back up again, or delete the collection of snapshots; or raise the limit that the message names: `stillpoint limit set`.";
    SnapshotGroupDisallowed = "UserErrorRequestDisallowedByPolicy", Denied,
        "A rule for names or tags forbids the group that snapshots are to be in (SRG-5).",
        "Exempt the service's groups in the rule that the message names, or make the group beforehand.";
    RequestDisallowed = "RequestDisallowedByPolicy", Denied,
        "A rule for the names or tags of resource groups forbids the request.",
        "Choose a name, and give the tags, that the rule in the message asks for.";
    ScopeLocked = "ScopeLocked", Conflict,
        "A lock on the resource, or on what it is in, forbids the change.",
        "Remove the lock that the message names first, with `az lock delete`.";
    RoleNotFound = "RoleDefinitionDoesNotExist", NotFound,
        "There is no role of that name or id.",
        "List them with `az role definition list`.";
    PrincipalNotFound = "PrincipalNotFound", Invalid,
        "There is no application or user of that object id.",
        "Give the object id, not the client id, of one that exists.";
    RoleAssignmentExists = "RoleAssignmentExists", Conflict,
        "The principal has the role at that scope already.",
        "Nothing is to be done; the message names the assignment.";
    LastOwner = "LastOwnerCannotBeRemoved", Conflict,
        "The change would leave nobody who may give roles.",
        "Make another principal Owner of the subscription first.";
    // Records of the control plane.
    ResourceNotFound = "ResourceNotFound", NotFound,
        "The resource does not exist, or was deleted meanwhile.",
        "Check the name, the group and the subscription.";
    ResourceExists = "ResourceExists", Conflict,
        "There is a record of that name already, or the machine is protected already.",
        "Choose another name, or use the one that exists.";
    ResourceInUse = "ResourceInUse", Conflict,
        "Other records still refer to this one.",
        "Remove first what the message names.";
    FolderUnusable = "FolderUnusable", Invalid,
        "A folder on the server that was named for a pool, a snapshot store or restored disks can't be used for it.",
        "Give an absolute path to a folder that is there or can be made, that the server may write to, and that neither holds nor lies in another store or the server's own folder.";
    NoPoolForVault = "NoVaultPoolTakesVaults", Conflict,
        "No vault pool of the location takes new vaults now: they were told not to, or their folders can't be reached.",
        "Mount what is away, let a pool take vaults, or add one: `stillpoint pool add`.";
    TooManyStreams = "TooManyRequests", Unavailable,
        "As many follow the progress of jobs just now as the server serves at once: 256, and 32 of one user or application.",
        "Ask for the job itself every few seconds, or try again later: a stream ends when its client goes, and after ten minutes.";
    PreconditionFailed = "PreconditionFailed", Conflict,
        "The record was changed by someone else since it was read.",
        "Read it again and repeat the change on what it is now.";
    LeaseLost = "LeaseLost", Conflict,
        "Another server took over this work while this one was stalled.",
        "Nothing is to be done: the other server goes on with the work.";
    StateUnavailable = "StateUnavailable", Unavailable,
        "The database of the control plane does not answer, is busy, or ended the connection.",
        "Check that the database runs and is reachable, then try again.";
    StateDenied = "StateDenied", Denied,
        "The database refused the user or what it wanted to do.",
        "Check user, password and rights in the database's URL.";
    StateDamaged = "StateDamaged", Integrity,
        "The records of the control plane, or a backup of them, are damaged or of another kind.",
        "Restore the records from a backup; the vaults themselves are not touched by this.";
    StateTooNew = "StateTooNew", Invalid,
        "The records were written by a newer version whose schema this one does not know.",
        "Use a newer Stillpoint; nothing was changed.";
    StateNotEmpty = "StateNotEmpty", Conflict,
        "Records are there already, so a backup can't be restored over them.",
        "Restore into an empty folder or an empty database.";
    ServerBackupInvalid = "ServerBackupInvalid", Invalid,
        "The file is no backup of a server, or lacks a part of one.",
        "Give a file that `stillpoint server backup` wrote, or one from a vault pool's folder server-backups.";
    SealedFileDamaged = "SealedFileDamaged", Integrity,
        "A sealed file is damaged, cut short, or no sealed file at all.",
        "Use another copy, such as an older one from a vault pool's folder server-backups.";
    StoreOwned = "StoreOwned", Conflict,
        "A server keeps records of this store, so a command may only read it.",
        "Ask the server for the change; if it is lost, repeat the command with --take-over.";
    StoreTakenOver = "StoreTakenOver", Conflict,
        "Another server has taken over this vault, for example one that was restored from a backup.",
        "Switch this server off; to have it own the vault again, attach the vault to it anew.";
    AdoptionPending = "AdoptionPending", Unavailable,
        "The server has not yet compared its records with what the vault's stores hold.",
        "Make the vault's folder readable for the server; it then goes on by itself.";
    ServerRestored = "ServerRestored", Unavailable,
        "The job was under way when the server's backup was taken, and the server was restored from it since.",
        "Look at the recovery points, which show what the job had done, and start it again if need be.";
    // Everything else.
    ProtocolError = "ProtocolError", Failed,
        "The other side of a connection broke the protocol.",
        "See the message; report it if both sides are of supported versions.";
    NbdDisconnected = "NbdDisconnected", Unavailable,
        "The connection to an NBD server was lost.",
        "See why the server (qemu-nbd, QEMU) ended, then run the command again; finished work is kept.";
    ImageInUse = "ImageInUse", Conflict,
        "Another program has the image or device open: a running machine, a mount, another copy.",
        "Shut the machine down or unmount the device, then run the command again.";
    ToolMissing = "ToolMissing", NotFound,
        "A program that is needed is not installed.",
        "Install the package named in the message.";
    Timeout = "Timeout", Unavailable,
        "An answer did not come in time.",
        "Try again; see the message for what was waited for.";
    Io = "InputOutputError", Failed,
        "The system failed to read or write.",
        "Check the device named in the message.";
    Cancelled = "Cancelled", Cancelled,
        "The work was cancelled.",
        "Run it again when wanted; finished work is kept.";
    Internal = "BackUpOperationFailed", Failed,
        "Something happened that should not.",
        "Run the command again with RUST_LOG=debug and report its output.";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_own_name_a_cause_and_a_remedy() {
        let mut seen = std::collections::HashSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.name()), "{code} twice");
            for text in [code.cause(), code.remedy()] {
                assert!(text.ends_with('.') && text.len() > 15, "{code}: {text}");
            }
            assert_ne!(code.kind().exit_code(), 0);
        }
    }
}
