/** Causes and remedies by code, in traditional Chinese (docs/errors.md). */
import type { Known } from './errors';

export const errors: Known = {
  AdoptionPending: [
    '伺服器尚未將其記錄與保存庫存放區的內容進行比對。',
    '請讓伺服器能夠讀取保存庫的資料夾；之後伺服器會自行繼續。',
  ],
  AuthorizationFailed: [
    '呼叫者的角色都不允許在該範圍執行此動作。',
    '請向擁有者要求允許此動作的角色 (RBAC-5)。',
  ],
  BMSUserErrorAlreadyProtected: [
    '此虛擬機器已受保護，可能在此保存庫或另一個保存庫中。',
    '請在該處停止保護並刪除資料，或在該處繼續保護。',
  ],
  BMSUserErrorDisablingSoftDeleteStateNotAllowed: [
    '一律開啟的虛刪除無法關閉 (SOFT-6)。',
    '請保持開啟；已刪除的資料會在保留天數結束後移除。',
  ],
  BMSUserErrorInstantRPRetentionExceedsVaultedRetention: [
    '原則保留快照集的時間比保存庫中的復原點更長。',
    '請縮短快照集的保留天數，或延長復原點的保留期限。',
  ],
  BMSUserErrorInvalidInput: ['要求中的某個值超出允許範圍。', '請更正訊息中指出的值。'],
  BMSUserErrorInvalidPolicyInput: [
    '原則違反規則 (POLICY-5 至 13、20、27、28)，或其中某個屬性無法讀取。',
    '請更正訊息中指出的屬性。',
  ],
  BMSUserErrorInvalidProtectionState: [
    '項目目前的狀態不允許此變更。',
    '請查看項目的保護狀態，並選擇該狀態允許的動作。',
  ],
  BMSUserErrorItemSoftDeleted: [
    '項目的備份已刪除，並在虛刪除的天數內保留。',
    '請先取消刪除，或等到保留天數結束。',
  ],
  BMSUserErrorJobNotCancellable: [
    '作業已結束，或屬於無法取消的類型 (JOB-16)。',
    '請等到作業結束。',
  ],
  BMSUserErrorLimitReached: [
    '數量已達限制 (LIMIT-1、2；POLICY-25、26；RESTORE-17)。',
    '請移除一些或稍後再試，或提高訊息中指出的限制：`stillpoint limit set`。',
  ],
  BMSUserErrorObjectNotFound: [
    '保存庫中沒有這個受保護的項目或作業，或已被移除。',
    '請使用 `az backup item list` 和 `az backup job list` 列出。',
  ],
  BMSUserErrorPolicyInUse: [
    '仍有項目使用此原則，因此無法刪除，也無法變更為其他子類型 (POLICY-30)。',
    '請先為這些項目指派其他原則；`az backup policy list-associated-items` 可列出這些項目。',
  ],
  BMSUserErrorPolicyNotFound: [
    '保存庫中沒有此名稱的原則。',
    '請使用 `az backup policy list` 列出原則。',
  ],
  BMSUserErrorPolicyTypeChangeRefused: [
    '受標準原則保護的虛擬機器要改用增強型原則，但該原則的設定拒絕這類虛擬機器 (POLICY-30)。',
    '請選擇標準原則，或在增強型原則的設定中允許：`stillpoint policy settings NAME --refuse-standard-items false`。',
  ],
  BMSUserErrorRecoveryPointNotFound: [
    '受保護的項目沒有這個復原點，或復原點已過期。',
    '請使用 `az backup recoverypoint list` 列出復原點。',
  ],
  BMSUserErrorRegionMismatch: [
    '虛擬機器與保存庫位於不同的位置。',
    '請使用與虛擬機器位於相同位置的保存庫加以保護。',
  ],
  BMSUserErrorVaultStorageRedundancyCannotBeModified: [
    '保存庫一旦保護過項目，就無法再變更儲存體備援 (REPL-4)。',
    '請另外建立具有所需備援的保存庫。',
  ],
  BackUpOperationFailed: [
    '發生了不應發生的情況。',
    '請設定 RUST_LOG=debug 再次執行命令，並回報其輸出。',
  ],
  BackupBeforeRestoreFailed: [
    '無法先備份還原將會覆寫的內容 (RESTORE-7)；未變更任何資料。',
    '請解決訊息中所列備份作業的問題，或還原到新的虛擬機器或資料夾。',
  ],
  BackupOverdue: [
    '依原則應執行備份的時間已過一天，仍沒有更新的復原點。',
    '請查看虛擬機器的作業以及其健康情況詳細資料所指出的問題，並立即備份。',
  ],
  BadArgument: [
    '提供給命令的值格式不正確或超出範圍。',
    '請更正訊息中指出的值；`--help` 會顯示正確格式。',
  ],
  Cancelled: ['工作已取消。', '需要時請再次執行；已完成的工作會保留。'],
  ConfigurationInvalid: [
    '設定檔包含不存在的設定，或值的格式不正確。',
    '請更正訊息中指出的行；`stillpoint server check-config` 會顯示所有錯誤。',
  ],
  CredentialInvalid: [
    '應用程式的憑證無法讀取、已過期，或其金鑰無法使用。',
    '請提供目前有效的 PEM 憑證，金鑰為 2048 位元以上的 RSA，或 P-256、P-384 曲線的 EC。',
  ],
  CrossSiteRequestRefused: [
    '以工作階段 Cookie 驗證的要求缺少標頭 `x-stillpoint-csrf`，或由其他網站的頁面送出。',
    '請從此伺服器的頁面送出該標頭，值不限；不是瀏覽器的程式請在 `Authorization` 中送出權杖。',
  ],
  DataFolderEmpty: [
    '指定的資料夾或資料庫中沒有伺服器的記錄。',
    '請檢查 --data、--state 和 --config；伺服器首次啟動時會建立記錄。',
  ],
  DataFolderInUse: [
    '另一部伺服器正在使用該資料夾。',
    '請先結束另一部伺服器，或使用 --data 為這部伺服器指定自己的資料夾。',
  ],
  DiskNotFound: [
    '虛擬機器或復原點沒有此名稱的磁碟。',
    '請使用 `stillpoint vm show` 或 `stillpoint point show` 列出磁碟。',
  ],
  ExtentListInvalid: [
    '已變更範圍的清單無法讀取，或超出來源的範圍。',
    '請在每一行提供一組以位元組為單位的 `offset length`，且須位於來源之內。',
  ],
  FileAccessDenied: [
    '系統拒絕存取檔案：可能是擁有權、權限模式、AppArmor 或 SELinux 所致。',
    '請以可使用該路徑的使用者執行，或在訊息所指出的安全性設定檔中允許該路徑。',
  ],
  FileNotFound: ['所需的檔案或資料夾不存在。', '請檢查訊息中指出的路徑。'],
  FolderUnusable: [
    '為集區、快照集存放區或還原磁碟指定的伺服器資料夾無法使用。',
    '請提供絕對路徑；資料夾必須存在或可以建立、伺服器可以寫入，且不得包含或位於其他存放區或伺服器本身的資料夾中。',
  ],
  GuestAgentRefused: [
    '客體代理程式以錯誤回應命令。',
    '請查看訊息中代理程式的說明；通常應檢查客體中的凍結指令碼。',
  ],
  HypervisorAccessDenied: [
    '此使用者無法存取 Hypervisor，或 Hypervisor 無法使用暫存檔案、通訊端或磁碟：可能是檔案擁有權、AppArmor 或 SELinux 所致。',
    '請以可使用 Hypervisor 通訊端的使用者執行；將暫存區放在 QEMU 可寫入的位置 (--scratch)；或在其安全性設定檔中允許該路徑。',
  ],
  HypervisorUnavailable: [
    'libvirt 或 QEMU 監視器沒有回應。',
    '請確認 libvirtd 正在執行，或監視器的通訊端存在且未被其他程式佔用。',
  ],
  ImageInUse: [
    '另一個程式正在使用該映像或裝置：執行中的虛擬機器、掛接或其他複製作業。',
    '請關閉虛擬機器或卸載裝置，然後再次執行命令。',
  ],
  InputOutputError: ['系統讀取或寫入失敗。', '請檢查訊息中指出的裝置。'],
  InvalidAuthenticationToken: ['要求未附帶權杖，或權杖已失效。', '請重新登入以取得新的權杖。'],
  InvalidRequestContent: [
    '要求的本文不是 JSON，或某個屬性的類型不正確。',
    '請更正訊息中指出的屬性。',
  ],
  InvalidResourceLocation: ['資源的位置無法變更 (VAULT-7)。', '請保留原來的位置，或另外建立資源。'],
  InvalidResourceName: ['名稱不符合規則。', '請依訊息中的說明選擇其他名稱。'],
  InvalidResourceType: ['伺服器沒有此類型的資源。', '請檢查訊息中指出的路徑。'],
  KeyFileDamaged: [
    '金鑰檔案、主機金鑰或匯出的金鑰不完整、已被變更，或屬於其他類型。',
    '請使用該檔案的其他副本，或使用複雜密碼從保存庫重新產生。',
  ],
  LastOwnerCannotBeRemoved: [
    '此變更會使得沒有人能夠指派角色。',
    '請先將另一個主體設為訂用帳戶的擁有者。',
  ],
  LeaseLost: [
    '這部伺服器停滯期間，另一部伺服器已接手此工作。',
    '不需要任何處理：另一部伺服器會繼續進行。',
  ],
  LocationNotAvailableForResourceType: [
    '伺服器沒有此名稱的位置。',
    '請從 `az account list-locations` 中選擇一個位置。',
  ],
  MachineExists: [
    '已經定義了相同名稱或 UUID 的虛擬機器。',
    '請使用 --name 指定其他名稱，並使用 --new-identity 產生新的 UUID 與 MAC 位址。',
  ],
  MissingApiVersionParameter: [
    '要求未指定 api-version。',
    '請在查詢中加入 `api-version=…`；接受任何日期。',
  ],
  NbdDisconnected: [
    '與 NBD 伺服器的連線中斷。',
    '請查明伺服器 (qemu-nbd、QEMU) 結束的原因，然後再次執行命令；已完成的工作會保留。',
  ],
  NoDisksSelected: ['虛擬機器沒有任何可備份的磁碟。', '請至少包含一個可以備份的磁碟。'],
  NoSpaceLeft: ['要寫入的檔案系統已滿。', '請釋放空間，然後再次執行命令；先前儲存的資料完好無損。'],
  NoVaultPoolTakesVaults: [
    '該位置目前沒有保存庫集區可接受新的保存庫：集區已設定為不接受，或無法存取其資料夾。',
    '請掛接缺少的儲存體、讓某個集區接受保存庫，或新增集區：`stillpoint pool add`。',
  ],
  NotAVault: [
    '該位置沒有 Stillpoint 保存庫。',
    '請檢查路徑；使用 `stillpoint vault create` 建立保存庫。',
  ],
  NotLoggedIn: [
    '命令需要伺服器，但此處尚未登入任何伺服器。',
    '請執行 `stillpoint login --url URL --ca FILE`，並加上 `--user NAME` 或 `--client-id ID`；伺服器首次啟動時會顯示完整命令。',
  ],
  PointNotFound: ['沒有此識別碼的復原點。', '請使用 `stillpoint point list` 列出復原點。'],
  PreconditionFailed: [
    '記錄在讀取之後已被其他人變更。',
    '請重新讀取，並以目前的內容再次進行變更。',
  ],
  PrincipalNotFound: [
    '沒有此物件識別碼的應用程式或使用者。',
    '請提供存在的物件識別碼，而不是用戶端識別碼。',
  ],
  ProtocolError: ['連線的另一端違反了通訊協定。', '請查看訊息；如果兩端都是支援的版本，請回報。'],
  RequestDisallowedByPolicy: [
    '資源群組名稱或標籤的規則禁止此要求。',
    '請依訊息中的規則選擇名稱並提供標籤。',
  ],
  RequestEntityTooLarge: ['要求的本文超過 1 MiB，或傳送不完整。', '一個要求最多傳送 1 MiB。'],
  ResourceExists: [
    '已有相同名稱的記錄，或虛擬機器已受保護。',
    '請選擇其他名稱，或使用現有的項目。',
  ],
  ResourceGroupNotFound: [
    '訂用帳戶中沒有此名稱的資源群組。',
    '請使用 `az group create` 建立，或更正名稱。',
  ],
  ResourceInUse: ['仍有其他記錄參考此項目。', '請先移除訊息中指出的項目。'],
  ResourceNameTaken: ['其他資源已使用此名稱，而名稱在訂用帳戶中必須是唯一的。', '請選擇其他名稱。'],
  ResourceNotFound: ['資源不存在，或已被刪除。', '請檢查名稱、群組與訂用帳戶。'],
  RestoreIncomplete: [
    '先前還原到此目標的作業中斷；目標中混有新舊資料。',
    '請再次執行相同的還原以完成作業。',
  ],
  RoleAssignmentExists: ['主體在該範圍已有此角色。', '不需要任何處理；訊息中指出了該指派。'],
  RoleDefinitionDoesNotExist: [
    '沒有此名稱或識別碼的角色。',
    '請使用 `az role definition list` 列出角色。',
  ],
  ScopeLocked: [
    '資源或其所屬範圍上的鎖定禁止此變更。',
    '請先使用 `az lock delete` 移除訊息中指出的鎖定。',
  ],
  SealedFileDamaged: [
    '加密封存的檔案已損毀、不完整，或根本不是此類檔案。',
    '請使用其他副本，例如保存庫集區的 server-backups 資料夾中較舊的檔案。',
  ],
  ServerBackupInvalid: [
    '該檔案不是伺服器的備份，或缺少其中一部分。',
    '請提供由 `stillpoint server backup` 產生的檔案，或保存庫集區的 server-backups 資料夾中的檔案。',
  ],
  ServerKeyInvalid: [
    '伺服器的金鑰格式不正確，或不是加密其祕密的那把金鑰。',
    '請放回屬於這些記錄的金鑰檔案，或從伺服器備份還原兩者。',
  ],
  ServerRestored: [
    '建立伺服器備份時此作業正在進行，之後伺服器已從該備份還原。',
    '請查看復原點以了解作業已完成的部分，必要時重新開始。',
  ],
  ServerUnavailable: [
    '伺服器沒有回應，或處理要求時失敗。',
    '請確認伺服器正在執行，且位址與 CA 憑證正確；然後重試。',
  ],
  ServiceResourceNotEmptyWithContainerDetails: [
    '含有備份資料的保存庫無法刪除 (VAULT-18)。',
    '請停止其項目的保護並刪除資料；已虛刪除的項目必須先清除。',
  ],
  SessionFenced: [
    '執行期間，同一虛擬機器與階段的另一個工作已接手。',
    '沒有遺失任何資料：請查看另一個工作是否成功，否則再次執行。',
  ],
  SnapshotBroken: [
    'Hypervisor 在快照集全部讀取完成之前放棄了快照集。',
    '請再次執行備份：會從中斷處繼續。',
  ],
  SnapshotScratchFull: [
    '備份期間客體寫入的資料超過暫存空間的容量，因此放棄了快照集；客體未受影響。',
    '請再次執行備份：會從中斷處繼續。如果經常發生，請增加暫存空間。',
  ],
  SnapshotScratchTooSmall: [
    '可供寫入前複製暫存區使用的空間太少。',
    '請釋放空間，或使用 --scratch 選擇其他位置。',
  ],
  SnapshotStoreTooSmall: [
    '快照集存放區的可用空間少於初始備份的預估需求。',
    '請釋放空間、移動快照集存放區，或直接備份到保存庫。',
  ],
  StateDamaged: [
    '控制平面的記錄或其備份已損毀，或屬於其他類型。',
    '請從備份還原記錄；保存庫本身不受影響。',
  ],
  StateDenied: ['資料庫拒絕了使用者或其要求的動作。', '請檢查資料庫 URL 中的使用者、密碼與權限。'],
  StateNotEmpty: ['已經有記錄存在，因此無法將備份還原到其上。', '請還原到空的資料夾或空的資料庫。'],
  StateTooNew: [
    '記錄是由較新的版本寫入，此版本不認識其結構描述。',
    '請使用較新的 Stillpoint；未變更任何資料。',
  ],
  StateUnavailable: [
    '控制平面的資料庫沒有回應、忙碌中，或已結束連線。',
    '請確認資料庫正在執行且可以連線，然後重試。',
  ],
  StoreOwned: [
    '此存放區的記錄由伺服器管理，因此命令只能讀取。',
    '請由伺服器進行變更；如果伺服器已遺失，請加上 --take-over 再次執行命令。',
  ],
  StoreTakenOver: [
    '另一部伺服器已接管此保存庫，例如從備份還原的伺服器。',
    '請關閉這部伺服器；若要讓它重新擁有保存庫，請重新附加該保存庫。',
  ],
  StoreUnavailable: [
    '存放區沒有回應，或以錯誤回應。',
    '請確認儲存體已掛接且可以存取，然後再次執行命令；已完成的工作會保留。',
  ],
  StoreUnsafe: [
    '該儲存體允許第二個寫入者取代現有的物件，因此同時進行的備份可能遺失資料。',
    '請使用支援條件式建立的儲存體 (本機檔案系統、支援 If-None-Match 的 S3、Azure Blob)。',
  ],
  SubscriptionNotFound: [
    '伺服器沒有此識別碼的訂用帳戶。',
    '請使用 `az account list --refresh` 列出訂用帳戶。',
  ],
  TargetExists: [
    '要建立的檔案或物件已經存在。',
    '請選擇其他名稱或移除現有內容；還原到現有映像需要 --overwrite。',
  ],
  TargetTooSmall: ['還原的目標小於磁碟。', '請提供大小至少與磁碟相同的目標。'],
  ThawFailed: [
    '客體已凍結，而代理程式尚未確認解除凍結；監視程式會持續嘗試。',
    '請檢查客體代理程式；如果檔案系統仍然凍結，請重新啟動客體。',
  ],
  Timeout: ['未在時間內收到回應。', '請重試；訊息中說明了所等待的內容。'],
  TooManyRequests: [
    '目前追蹤作業進度的用戶端數量已達伺服器同時服務的上限。',
    '請每隔幾秒查詢作業本身，或稍後再試：無人讀取的串流會在幾分鐘內結束。',
  ],
  ToolMissing: ['未安裝所需的程式。', '請安裝訊息中指出的套件。'],
  UserAccountLocked: [
    '此使用者連續輸入了太多次錯誤的密碼。',
    '請等到訊息中的時間，或由擁有者執行 `stillpoint user reset-password`。',
  ],
  UserErrorBackupOperationInProgress: [
    '此虛擬機器的備份已在執行中 (JOB-18)。',
    '請等到備份結束，或將其取消。',
  ],
  UserErrorBcmDatasourceNotPresent: ['此虛擬機器目前未受保護 (PROT-8)。', '請先啟用或繼續保護。'],
  UserErrorCrpReportedUserError: [
    'Hypervisor 拒絕了作業，或作業失敗。',
    '請查看訊息中 Hypervisor 的說明。',
  ],
  UserErrorFsFreezeFailed: [
    '客體代理程式無法在時限內凍結檔案系統；全部已解除凍結。',
    '請檢查客體代理程式及其凍結指令碼，或允許損毀一致的復原點。',
  ],
  UserErrorGuestAgentStatusUnavailable: [
    '客體代理程式沒有回應。',
    '請在客體中安裝或重新啟動 qemu-guest-agent。',
  ],
  UserErrorInstantRpNotFound: [
    '快照集層沒有該復原點，且該復原點未曾傳輸到保存庫。',
    '請選擇其他復原點。',
  ],
  UserErrorRequestDisallowedByPolicy: [
    '名稱或標籤的規則禁止建立存放快照集的群組 (SRG-5)。',
    '請在訊息所指出的規則中豁免服務的群組，或預先建立該群組。',
  ],
  UserErrorRpCollectionLimitReached: [
    '虛擬機器的快照集數量已達限制 (SNAP-10)：舊的快照集被鎖定保留，或依需求建立了太多。',
    '請移除快照群組上的鎖定後再次備份，或刪除快照集合；也可以提高訊息中指出的限制：`stillpoint limit set`。',
  ],
  UserErrorUnsupportedDisk: [
    '該磁碟無法以此方式備份。',
    '請使用 --exclude 將其排除，或依訊息中的說明轉換。',
  ],
  UserErrorVaultDamaged: [
    '儲存的位元組與寫入的內容不同。',
    '`stillpoint verify` 會指出受損的部分，`stillpoint vault repair --from STORE` 可從保存庫的另一個存放區修復，`stillpoint rescue` 可取出剩餘的資料。',
  ],
  UserErrorVaultKeyMissing: [
    '未提供金鑰，或資料是以所提供金鑰中沒有的資料金鑰加密。',
    '請提供保存庫的複雜密碼或金鑰檔案；主機的金鑰可開啟該主機有權讀取的內容。',
  ],
  UserErrorVaultKeyObjectLost: [
    '存放區沒有可讀取的金鑰物件，因此任何複雜密碼或金鑰檔案都無法開啟。',
    '請使用 --exported-key 提供匯出的金鑰、使用 --key 提供主機金鑰，或使用 `stillpoint vault repair --from` 從其他副本修復存放區。',
  ],
  UserErrorVaultPassphraseWrong: [
    '複雜密碼或金鑰檔案無法開啟保存庫的金鑰。',
    '請提供正確的複雜密碼或金鑰檔案；匯出的金鑰也能開啟保存庫。',
  ],
  UserErrorVmNotFoundV2: [
    'Hypervisor 沒有此名稱或 UUID 的虛擬機器。',
    '請使用 `stillpoint vm list` 列出虛擬機器。',
  ],
  UserErrorVmNotInDesirableState: [
    '虛擬機器在作業期間停止、當機或被移除。',
    '如果虛擬機器應該執行，請將其啟動，然後再次執行備份。',
  ],
  UserErrorVmNotShutDown: [
    '虛擬機器正在執行，因此無法取代其磁碟。',
    '請關閉虛擬機器，然後再次執行還原。',
  ],
  UserErrorVmOnTwoHosts: [
    '兩部主機同時具有相同 UUID 的虛擬機器。',
    '請移除其中一部，或為其指定自己的 UUID。',
  ],
  UserPasswordChangeRequired: [
    '使用者的密碼是一次性密碼，只能用來設定自己的密碼。',
    '請使用 `stillpoint user password NAME --url URL --ca FILE` 設定密碼；`stillpoint login --user NAME` 也會要求設定。',
  ],
  UserPasswordInvalid: [
    '新密碼不符合密碼規則。',
    '請選擇 12 至 256 個字元的密碼，且不得為使用者名稱或先前的密碼。',
  ],
  VaultExists: ['該位置已有保存庫。', '請使用現有的保存庫，或選擇空的資料夾。'],
  VaultForeign: [
    '兩個存放區，或存放區與金鑰，屬於不同的保存庫。',
    '請使用同一個保存庫的存放區與金鑰；`stillpoint vault show` 會顯示保存庫的識別碼。',
  ],
  VaultTooNew: [
    '保存庫是由較新的版本寫入，此版本不認識其格式。',
    '請使用較新的 Stillpoint；未變更任何資料。',
  ],
  invalid_client: [
    '登入的名稱或祕密不正確。',
    '請檢查兩者；首次啟動時的資料位於伺服器資料夾的 `first-start.txt` 中。',
  ],
  invalid_grant: [
    '使用者的名稱或密碼不正確、其登入已被結束，或代碼錯誤或已過期。',
    '請檢查兩者並重新登入；擁有者可使用 `stillpoint user reset-password` 設定新密碼。',
  ],
};
