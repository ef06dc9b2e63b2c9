/** The last step: the chosen machines validated one by one, "Enable backup", and how that goes. */
import {
  Button,
  MessageBar,
  MessageBarActions,
  MessageBarBody,
  ProgressBar,
  Text,
  makeStyles,
} from '@fluentui/react-components';
import { DismissRegular } from '@fluentui/react-icons';
import { useQueries } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Policy } from '../../api/policies';
import { enablingRights, validationQuery } from '../../api/protection';
import type { Protectable } from '../../api/protection';
import type { Vault } from '../../api/vaults';
import { Equal } from '../../parts/Equal';
import { Guarded } from '../../parts/Guarded';
import { Table } from '../../parts/Table';
import type { Column } from '../../parts/Table';
import { useText } from '../../text/text';
import { useTerms } from '../../text/terms';
import type { VaultPlace } from '../vault/VaultLayout';
import { enabling } from './equal';
import { Enabled } from './Enabled';
import { ProgressCell } from './ProgressCell';
import { idOf } from './SelectMachines';
import { text } from './text';
import { useEnable } from './useEnable';
import { Validity, isOver, isValid } from './Validity';
import type { Validation } from './Validity';

const useStyles = makeStyles({ list: { minHeight: '120px' } });

interface Row {
  machine: Protectable;
  validation: Validation;
}

export function Review(props: {
  of: VaultPlace;
  vault: Vault;
  policy: Policy;
  machines: Protectable[];
  onRemove: (machines: Protectable[]) => void;
  /** Said once backup is being enabled, after which nothing is chosen anew. */
  onBegun: () => void;
}) {
  const { of, vault, policy, machines, onRemove } = props;
  const styles = useStyles();
  const t = useText(text);
  const { run, progress, isRunning } = useEnable(of);
  const isBegun = Object.keys(progress).length > 0;
  const validations = useQueries({
    queries: machines.map((m) => ({
      ...validationQuery(vault.location, idOf(m), vault.id),
      // What is protected by now would be refused.
      enabled: !isBegun,
    })),
  });
  const rows = machines.map((machine, at): Row => ({
    machine,
    validation: validations[at] ?? {},
  }));
  const bad = rows.filter(({ validation: v }) => isOver(v) && !isValid(v)).map((r) => r.machine);
  const isAllValid = rows.every(({ validation }) => isValid(validation));
  const failed = machines.filter((m) => progress[idOf(m)]?.state === 'failed');
  const done = machines.filter((m) => progress[idOf(m)]?.state === 'done');
  const start = (which: Protectable[]) => {
    props.onBegun();
    void run(which.map(idOf), policy);
  };
  const equal = useMemo(
    () => enabling(of, vault.id, machines.map(idOf), policy.name),
    [of, vault.id, machines, policy.name],
  );
  return (
    <>
      {!isBegun && bad.length > 0 && (
        <MessageBar intent="error" layout="multiline">
          <MessageBarBody>{t.someInvalid(bad.length)}</MessageBarBody>
          <MessageBarActions>
            <Button onClick={() => onRemove(bad)}>{t.removeInvalid}</Button>
          </MessageBarActions>
        </MessageBar>
      )}
      {isRunning && (
        <div role="status">
          <Text>{t.progress(done.length + failed.length, machines.length)}</Text>
          <ProgressBar value={done.length + failed.length} max={machines.length} />
        </div>
      )}
      {isBegun && !isRunning && done.length > 0 && <Enabled of={of} policy={policy} />}
      <div className={styles.list}>
        <Rows
          rows={rows}
          of={of}
          progress={progress}
          onRemove={isBegun ? undefined : (m) => onRemove([m])}
        />
      </div>
      <div>
        {!isBegun && (
          <Guarded
            appearance="primary"
            needs={enablingRights(vault.id, machines.map(idOf))}
            refused={
              isAllValid ? undefined : bad.length ? t.someInvalid(bad.length) : t.waitForValidation
            }
            onClick={() => start(machines)}
          >
            {t.enable}
          </Guarded>
        )}
        {isBegun && !isRunning && failed.length > 0 && (
          <Button onClick={() => start(failed)}>{t.again}</Button>
        )}
      </div>
      {!isBegun && isAllValid && <Text role="status">{t.allValid}</Text>}
      <Equal to={equal} />
    </>
  );
}

function Rows(props: {
  rows: Row[];
  of: VaultPlace;
  progress: ReturnType<typeof useEnable>['progress'];
  onRemove?: (machine: Protectable) => void;
}) {
  const { of, progress, onRemove } = props;
  const t = useText(text);
  const terms = useTerms();
  const columns: Column<Row>[] = [
    {
      key: 'name',
      label: terms.name,
      cell: ({ machine }) => machine.properties.friendlyName,
    },
    { key: 'group', label: terms.group, cell: ({ machine }) => machine.properties.resourceGroup },
    {
      key: 'status',
      label: terms.status,
      width: 2,
      cell: ({ machine, validation }) => {
        const now = progress[idOf(machine)];
        return now ? (
          <ProgressCell of={of} machine={machine} progress={now} />
        ) : (
          <Validity of={validation} />
        );
      },
    },
  ];
  if (onRemove) {
    columns.push({
      key: 'remove',
      label: terms.delete,
      isLabelHidden: true,
      width: '48px',
      cell: ({ machine }) => (
        <Button
          appearance="subtle"
          size="small"
          icon={<DismissRegular />}
          aria-label={t.remove(machine.properties.friendlyName)}
          onClick={() => onRemove(machine)}
        />
      ),
    });
  }
  return (
    <Table
      label={t.review}
      columns={columns}
      rows={props.rows}
      id={({ machine }) => idOf(machine)}
    />
  );
}
