/** Causes and remedies by code, in simplified Chinese (docs/errors.md). */
import type { Known } from './errors';

export const errors: Known = {
  AdoptionPending: [
    '服务器尚未将其记录与保管库存储的内容进行比对。',
    '请让服务器能够读取保管库的文件夹；之后服务器会自行继续。',
  ],
  AuthorizationFailed: [
    '调用者的角色均不允许在该范围执行此操作。',
    '请向所有者请求允许此操作的角色 (RBAC-5)。',
  ],
  BMSUserErrorAlreadyProtected: [
    '此虚拟机已受保护，可能在此保管库或另一个保管库中。',
    '请在该处停止保护并删除数据，或在该处继续保护。',
  ],
  BMSUserErrorDisablingSoftDeleteStateNotAllowed: [
    '始终启用的软删除无法关闭 (SOFT-6)。',
    '请保持启用；已删除的数据会在保留天数结束后移除。',
  ],
  BMSUserErrorInstantRPRetentionExceedsVaultedRetention: [
    '策略保留快照的时间比保管库中的恢复点更长。',
    '请缩短快照的保留天数，或延长恢复点的保留期。',
  ],
  BMSUserErrorInvalidInput: ['请求中的某个值超出允许范围。', '请更正消息中指出的值。'],
  BMSUserErrorInvalidPolicyInput: [
    '策略违反规则 (POLICY-5 至 13、20、27、28)，或其中某个属性无法读取。',
    '请更正消息中指出的属性。',
  ],
  BMSUserErrorInvalidProtectionState: [
    '项当前的状态不允许此更改。',
    '请查看该项的保护状态，并选择该状态允许的操作。',
  ],
  BMSUserErrorItemSoftDeleted: [
    '该项的备份已删除，并在软删除的天数内保留。',
    '请先撤消删除，或等到保留天数结束。',
  ],
  BMSUserErrorJobNotCancellable: [
    '作业已结束，或属于无法取消的类型 (JOB-16)。',
    '请等到作业结束。',
  ],
  BMSUserErrorLimitReached: [
    '数量已达到限制 (LIMIT-1、2；POLICY-25、26；RESTORE-17)。',
    '请移除一些或稍后再试，或提高消息中指出的限制：`stillpoint limit set`。',
  ],
  BMSUserErrorObjectNotFound: [
    '保管库中没有此受保护的项或作业，或已被移除。',
    '请使用 `az backup item list` 和 `az backup job list` 列出。',
  ],
  BMSUserErrorPolicyInUse: [
    '仍有项使用此策略，因此无法删除，也无法更改为其他子类型 (POLICY-30)。',
    '请先为这些项分配其他策略；`az backup policy list-associated-items` 可列出这些项。',
  ],
  BMSUserErrorPolicyNotFound: [
    '保管库中没有此名称的策略。',
    '请使用 `az backup policy list` 列出策略。',
  ],
  BMSUserErrorPolicyTypeChangeRefused: [
    '受标准策略保护的虚拟机要改用增强策略，但该策略的设置拒绝此类虚拟机 (POLICY-30)。',
    '请选择标准策略，或在增强策略的设置中允许：`stillpoint policy settings NAME --refuse-standard-items false`。',
  ],
  BMSUserErrorRecoveryPointNotFound: [
    '受保护的项没有此恢复点，或恢复点已过期。',
    '请使用 `az backup recoverypoint list` 列出恢复点。',
  ],
  BMSUserErrorRegionMismatch: [
    '虚拟机和保管库位于不同的位置。',
    '请使用与虚拟机位于同一位置的保管库进行保护。',
  ],
  BMSUserErrorVaultStorageRedundancyCannotBeModified: [
    '保管库一旦保护过项，就无法再更改存储冗余 (REPL-4)。',
    '请另外创建具有所需冗余的保管库。',
  ],
  BackUpOperationFailed: [
    '发生了不应发生的情况。',
    '请设置 RUST_LOG=debug 再次运行命令，并报告其输出。',
  ],
  BackupBeforeRestoreFailed: [
    '无法先备份还原将会覆盖的内容 (RESTORE-7)；未更改任何数据。',
    '请解决消息中所列备份作业的问题，或还原到新的虚拟机或文件夹。',
  ],
  BackupOverdue: [
    '按策略应运行备份的时间已过一天，仍没有更新的恢复点。',
    '请查看虚拟机的作业及其运行状况详细信息中指出的问题，并立即备份。',
  ],
  BadArgument: [
    '提供给命令的值格式不正确或超出范围。',
    '请更正消息中指出的值；`--help` 会显示正确格式。',
  ],
  Cancelled: ['工作已取消。', '需要时请再次运行；已完成的工作会保留。'],
  ConfigurationInvalid: [
    '配置文件包含不存在的设置，或值的格式不正确。',
    '请更正消息中指出的行；`stillpoint server check-config` 会显示所有错误。',
  ],
  CredentialInvalid: [
    '应用程序的证书无法读取、已过期，或其密钥无法使用。',
    '请提供当前有效的 PEM 证书，密钥为 2048 位及以上的 RSA，或 P-256、P-384 曲线的 EC。',
  ],
  CrossSiteRequestRefused: [
    '通过会话 Cookie 验证的请求缺少标头 `x-stillpoint-csrf`，或由其他网站的页面发送。',
    '请从此服务器的页面发送该标头，值不限；不是浏览器的程序请在 `Authorization` 中发送令牌。',
  ],
  DataFolderEmpty: [
    '指定的文件夹或数据库中没有服务器的记录。',
    '请检查 --data、--state 和 --config；服务器首次启动时会创建记录。',
  ],
  DataFolderInUse: [
    '另一台服务器正在使用该文件夹。',
    '请先结束另一台服务器，或使用 --data 为此服务器指定自己的文件夹。',
  ],
  DiskNotFound: [
    '虚拟机或恢复点没有此名称的磁盘。',
    '请使用 `stillpoint vm show` 或 `stillpoint point show` 列出磁盘。',
  ],
  ExtentListInvalid: [
    '已更改区段的列表无法读取，或超出源的范围。',
    '请在每行提供一组以字节为单位的 `offset length`，且须位于源之内。',
  ],
  FileAccessDenied: [
    '系统拒绝访问文件：可能由所有权、权限模式、AppArmor 或 SELinux 导致。',
    '请以可使用该路径的用户运行，或在消息所指出的安全配置文件中允许该路径。',
  ],
  FileNotFound: ['所需的文件或文件夹不存在。', '请检查消息中指出的路径。'],
  FolderUnusable: [
    '为池、快照存储或还原磁盘指定的服务器文件夹无法使用。',
    '请提供绝对路径；文件夹必须存在或可以创建、服务器可以写入，且不得包含或位于其他存储或服务器自身的文件夹中。',
  ],
  GuestAgentRefused: [
    '来宾代理以错误回应命令。',
    '请查看消息中代理的说明；通常应检查来宾中的冻结脚本。',
  ],
  HypervisorAccessDenied: [
    '此用户无法访问虚拟机监控程序，或虚拟机监控程序无法使用暂存文件、套接字或磁盘：可能由文件所有权、AppArmor 或 SELinux 导致。',
    '请以可使用虚拟机监控程序套接字的用户运行；将暂存区放在 QEMU 可写入的位置 (--scratch)；或在其安全配置文件中允许该路径。',
  ],
  HypervisorUnavailable: [
    'libvirt 或 QEMU 监视器没有响应。',
    '请确认 libvirtd 正在运行，或监视器的套接字存在且未被其他程序占用。',
  ],
  ImageInUse: [
    '另一个程序正在使用该映像或设备：正在运行的虚拟机、装载或其他复制操作。',
    '请关闭虚拟机或卸载设备，然后再次运行命令。',
  ],
  InputOutputError: ['系统读取或写入失败。', '请检查消息中指出的设备。'],
  InvalidAuthenticationToken: ['请求未附带令牌，或令牌已失效。', '请重新登录以获取新的令牌。'],
  InvalidRequestContent: [
    '请求的正文不是 JSON，或某个属性的类型不正确。',
    '请更正消息中指出的属性。',
  ],
  InvalidResourceLocation: ['资源的位置无法更改 (VAULT-7)。', '请保留原来的位置，或另外创建资源。'],
  InvalidResourceName: ['名称不符合规则。', '请按消息中的说明选择其他名称。'],
  InvalidResourceType: ['服务器没有此类型的资源。', '请检查消息中指出的路径。'],
  KeyFileDamaged: [
    '密钥文件、主机密钥或导出的密钥不完整、已被更改，或属于其他类型。',
    '请使用该文件的其他副本，或使用密码短语从保管库重新生成。',
  ],
  LastOwnerCannotBeRemoved: [
    '此更改会导致没有人能够分配角色。',
    '请先将另一个主体设为订阅的所有者。',
  ],
  LeaseLost: [
    '此服务器停滞期间，另一台服务器已接手此工作。',
    '无需任何处理：另一台服务器会继续进行。',
  ],
  LocationNotAvailableForResourceType: [
    '服务器没有此名称的位置。',
    '请从 `az account list-locations` 中选择一个位置。',
  ],
  MachineExists: [
    '已经定义了相同名称或 UUID 的虚拟机。',
    '请使用 --name 指定其他名称，并使用 --new-identity 生成新的 UUID 和 MAC 地址。',
  ],
  MissingApiVersionParameter: [
    '请求未指定 api-version。',
    '请在查询中加入 `api-version=…`；接受任何日期。',
  ],
  NbdDisconnected: [
    '与 NBD 服务器的连接中断。',
    '请查明服务器 (qemu-nbd、QEMU) 结束的原因，然后再次运行命令；已完成的工作会保留。',
  ],
  NoDisksSelected: ['虚拟机没有任何可备份的磁盘。', '请至少包含一个可以备份的磁盘。'],
  NoSpaceLeft: ['要写入的文件系统已满。', '请释放空间，然后再次运行命令；先前存储的数据完好无损。'],
  NoVaultPoolTakesVaults: [
    '该位置目前没有保管库池可接受新的保管库：池已设置为不接受，或无法访问其文件夹。',
    '请装载缺少的存储、让某个池接受保管库，或添加池：`stillpoint pool add`。',
  ],
  NotAVault: [
    '该位置没有 Stillpoint 保管库。',
    '请检查路径；使用 `stillpoint vault create` 创建保管库。',
  ],
  NotLoggedIn: [
    '命令需要服务器，但此处尚未登录任何服务器。',
    '请运行 `stillpoint login --url URL --ca FILE`，并加上 `--user NAME` 或 `--client-id ID`；服务器首次启动时会显示完整命令。',
  ],
  PointNotFound: ['没有此 ID 的恢复点。', '请使用 `stillpoint point list` 列出恢复点。'],
  PreconditionFailed: [
    '记录在读取之后已被其他人更改。',
    '请重新读取，并在当前内容的基础上再次进行更改。',
  ],
  PrincipalNotFound: ['没有此对象 ID 的应用程序或用户。', '请提供存在的对象 ID，而不是客户端 ID。'],
  ProtocolError: ['连接的另一端违反了协议。', '请查看消息；如果两端都是受支持的版本，请报告。'],
  RequestDisallowedByPolicy: [
    '资源组名称或标记的规则禁止此请求。',
    '请按消息中的规则选择名称并提供标记。',
  ],
  RequestEntityTooLarge: ['请求的正文超过 1 MiB，或发送不完整。', '一个请求最多发送 1 MiB。'],
  ResourceExists: ['已有相同名称的记录，或虚拟机已受保护。', '请选择其他名称，或使用现有的项。'],
  ResourceGroupNotFound: [
    '订阅中没有此名称的资源组。',
    '请使用 `az group create` 创建，或更正名称。',
  ],
  ResourceInUse: ['仍有其他记录引用此项。', '请先移除消息中指出的项。'],
  ResourceNameTaken: ['其他资源已使用此名称，而名称在订阅中必须唯一。', '请选择其他名称。'],
  ResourceNotFound: ['资源不存在，或已被删除。', '请检查名称、组和订阅。'],
  RestoreIncomplete: [
    '先前还原到此目标的操作中断；目标中混有新旧数据。',
    '请再次运行相同的还原以完成操作。',
  ],
  RoleAssignmentExists: ['主体在该范围已有此角色。', '无需任何处理；消息中指出了该分配。'],
  RoleDefinitionDoesNotExist: [
    '没有此名称或 ID 的角色。',
    '请使用 `az role definition list` 列出角色。',
  ],
  ScopeLocked: [
    '资源或其所属范围上的锁禁止此更改。',
    '请先使用 `az lock delete` 移除消息中指出的锁。',
  ],
  SealedFileDamaged: [
    '加密封存的文件已损坏、不完整，或根本不是此类文件。',
    '请使用其他副本，例如保管库池的 server-backups 文件夹中较旧的文件。',
  ],
  ServerBackupInvalid: [
    '该文件不是服务器的备份，或缺少其中一部分。',
    '请提供由 `stillpoint server backup` 生成的文件，或保管库池的 server-backups 文件夹中的文件。',
  ],
  ServerKeyInvalid: [
    '服务器的密钥格式不正确，或不是加密其机密的那个密钥。',
    '请放回属于这些记录的密钥文件，或从服务器备份还原两者。',
  ],
  ServerRestored: [
    '创建服务器备份时此作业正在进行，之后服务器已从该备份还原。',
    '请查看恢复点以了解作业已完成的部分，必要时重新开始。',
  ],
  ServerUnavailable: [
    '服务器没有响应，或处理请求时失败。',
    '请确认服务器正在运行，且地址和 CA 证书正确；然后重试。',
  ],
  ServiceResourceNotEmptyWithContainerDetails: [
    '包含备份数据的保管库无法删除 (VAULT-18)。',
    '请停止其项的保护并删除数据；已软删除的项必须先清除。',
  ],
  SessionFenced: [
    '运行期间，同一虚拟机和阶段的另一个任务已接手。',
    '没有丢失任何数据：请查看另一个任务是否成功，否则再次运行。',
  ],
  SnapshotBroken: [
    '虚拟机监控程序在快照全部读取完成之前放弃了快照。',
    '请再次运行备份：会从中断处继续。',
  ],
  SnapshotScratchFull: [
    '备份期间来宾写入的数据超过暂存空间的容量，因此放弃了快照；来宾未受影响。',
    '请再次运行备份：会从中断处继续。如果经常发生，请增加暂存空间。',
  ],
  SnapshotScratchTooSmall: [
    '可供写入前复制暂存区使用的空间太少。',
    '请释放空间，或使用 --scratch 选择其他位置。',
  ],
  SnapshotStoreTooSmall: [
    '快照存储的可用空间少于初始备份的预计需求。',
    '请释放空间、移动快照存储，或直接备份到保管库。',
  ],
  StateDamaged: [
    '控制平面的记录或其备份已损坏，或属于其他类型。',
    '请从备份还原记录；保管库本身不受影响。',
  ],
  StateDenied: ['数据库拒绝了用户或其请求的操作。', '请检查数据库 URL 中的用户、密码和权限。'],
  StateNotEmpty: ['已经有记录存在，因此无法将备份还原到其上。', '请还原到空文件夹或空数据库。'],
  StateTooNew: [
    '记录由较新的版本写入，此版本不识别其架构。',
    '请使用较新的 Stillpoint；未更改任何数据。',
  ],
  StateUnavailable: [
    '控制平面的数据库没有响应、正忙，或已结束连接。',
    '请确认数据库正在运行且可以访问，然后重试。',
  ],
  StoreOwned: [
    '此存储的记录由服务器管理，因此命令只能读取。',
    '请由服务器进行更改；如果服务器已丢失，请加上 --take-over 再次运行命令。',
  ],
  StoreTakenOver: [
    '另一台服务器已接管此保管库，例如从备份还原的服务器。',
    '请关闭此服务器；若要让它重新拥有保管库，请重新附加该保管库。',
  ],
  StoreUnavailable: [
    '存储没有响应，或以错误回应。',
    '请确认存储已装载且可以访问，然后再次运行命令；已完成的工作会保留。',
  ],
  StoreUnsafe: [
    '该存储允许第二个写入者替换现有对象，因此并发备份可能丢失数据。',
    '请使用支持条件创建的存储 (本地文件系统、支持 If-None-Match 的 S3、Azure Blob)。',
  ],
  SubscriptionNotFound: [
    '服务器没有此 ID 的订阅。',
    '请使用 `az account list --refresh` 列出订阅。',
  ],
  TargetExists: [
    '要创建的文件或对象已经存在。',
    '请选择其他名称或移除现有内容；还原到现有映像需要 --overwrite。',
  ],
  TargetTooSmall: ['还原的目标小于磁盘。', '请提供大小至少与磁盘相同的目标。'],
  ThawFailed: [
    '来宾已冻结，而代理尚未确认解冻；监视程序会持续尝试。',
    '请检查来宾代理；如果文件系统仍然冻结，请重启来宾。',
  ],
  Timeout: ['未及时收到响应。', '请重试；消息中说明了所等待的内容。'],
  TooManyRequests: [
    '当前跟踪作业进度的客户端数量已达到服务器同时服务的上限。',
    '请每隔几秒查询作业本身，或稍后再试：无人读取的流会在几分钟内结束。',
  ],
  ToolMissing: ['未安装所需的程序。', '请安装消息中指出的软件包。'],
  UserAccountLocked: [
    '此用户连续输入了太多次错误的密码。',
    '请等到消息中的时间，或由所有者运行 `stillpoint user reset-password`。',
  ],
  UserErrorBackupOperationInProgress: [
    '此虚拟机的备份已在运行 (JOB-18)。',
    '请等到备份结束，或将其取消。',
  ],
  UserErrorBcmDatasourceNotPresent: ['此虚拟机当前未受保护 (PROT-8)。', '请先启用或恢复保护。'],
  UserErrorCrpReportedUserError: [
    '虚拟机监控程序拒绝了操作，或操作失败。',
    '请查看消息中虚拟机监控程序的说明。',
  ],
  UserErrorFsFreezeFailed: [
    '来宾代理无法在时限内冻结文件系统；全部已解冻。',
    '请检查来宾代理及其冻结脚本，或允许崩溃一致的恢复点。',
  ],
  UserErrorGuestAgentStatusUnavailable: [
    '来宾代理没有响应。',
    '请在来宾中安装或重启 qemu-guest-agent。',
  ],
  UserErrorInstantRpNotFound: [
    '快照层没有该恢复点，且该恢复点未曾传输到保管库。',
    '请选择其他恢复点。',
  ],
  UserErrorRequestDisallowedByPolicy: [
    '名称或标记的规则禁止创建存放快照的组 (SRG-5)。',
    '请在消息所指出的规则中豁免服务的组，或预先创建该组。',
  ],
  UserErrorRpCollectionLimitReached: [
    '虚拟机的快照数量已达到限制 (SNAP-10)：旧快照被锁保留，或按需创建了太多。',
    '请移除快照组上的锁后再次备份，或删除快照集合；也可以提高消息中指出的限制：`stillpoint limit set`。',
  ],
  UserErrorUnsupportedDisk: [
    '该磁盘无法以此方式备份。',
    '请使用 --exclude 将其排除，或按消息中的说明转换。',
  ],
  UserErrorVaultDamaged: [
    '存储的字节与写入的内容不同。',
    '`stillpoint verify` 会指出受损的部分，`stillpoint vault repair --from STORE` 可从保管库的另一个存储修复，`stillpoint rescue` 可取出剩余的数据。',
  ],
  UserErrorVaultKeyMissing: [
    '未提供密钥，或数据是用所提供密钥中没有的数据密钥加密的。',
    '请提供保管库的密码短语或密钥文件；主机的密钥可打开该主机有权读取的内容。',
  ],
  UserErrorVaultKeyObjectLost: [
    '存储没有可读取的密钥对象，因此任何密码短语或密钥文件都无法打开。',
    '请使用 --exported-key 提供导出的密钥、使用 --key 提供主机密钥，或使用 `stillpoint vault repair --from` 从其他副本修复存储。',
  ],
  UserErrorVaultPassphraseWrong: [
    '密码短语或密钥文件无法打开保管库的密钥。',
    '请提供正确的密码短语或密钥文件；导出的密钥也能打开保管库。',
  ],
  UserErrorVmNotFoundV2: [
    '虚拟机监控程序没有此名称或 UUID 的虚拟机。',
    '请使用 `stillpoint vm list` 列出虚拟机。',
  ],
  UserErrorVmNotInDesirableState: [
    '虚拟机在操作期间停止、崩溃或被移除。',
    '如果虚拟机应该运行，请将其启动，然后再次运行备份。',
  ],
  UserErrorVmNotShutDown: [
    '虚拟机正在运行，因此无法替换其磁盘。',
    '请关闭虚拟机，然后再次运行还原。',
  ],
  UserErrorVmOnTwoHosts: [
    '两台主机同时具有相同 UUID 的虚拟机。',
    '请移除其中一台，或为其指定自己的 UUID。',
  ],
  UserPasswordChangeRequired: [
    '用户的密码是一次性密码，只能用来设置自己的密码。',
    '请使用 `stillpoint user password NAME --url URL --ca FILE` 设置密码；`stillpoint login --user NAME` 也会要求设置。',
  ],
  UserPasswordInvalid: [
    '新密码不符合密码规则。',
    '请选择 12 至 256 个字符的密码，且不得为用户名或先前的密码。',
  ],
  VaultExists: ['该位置已有保管库。', '请使用现有的保管库，或选择空文件夹。'],
  VaultForeign: [
    '两个存储，或存储与密钥，属于不同的保管库。',
    '请使用同一个保管库的存储和密钥；`stillpoint vault show` 会显示保管库的 ID。',
  ],
  VaultTooNew: [
    '保管库由较新的版本写入，此版本不识别其格式。',
    '请使用较新的 Stillpoint；未更改任何数据。',
  ],
  invalid_client: [
    '登录的名称或机密不正确。',
    '请检查两者；首次启动时的数据位于服务器文件夹的 `first-start.txt` 中。',
  ],
  invalid_grant: [
    '用户的名称或密码不正确、其登录已被结束，或代码错误或已过期。',
    '请检查两者并重新登录；所有者可使用 `stillpoint user reset-password` 设置新密码。',
  ],
};
