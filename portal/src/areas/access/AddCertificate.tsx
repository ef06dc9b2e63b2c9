/** Lets an application log in by a certificate. */
import { Field, Textarea } from '@fluentui/react-components';
import { useState } from 'react';
import { ACCESS_ACTION, post } from '../../api/access';
import type { Application } from '../../api/access';
import { TOUCHED } from '../../frame/touched';
import { quoted } from '../../parts/Equal';
import { FormPanel } from '../../parts/FormPanel';
import { useText } from '../../text/text';
import { text } from './text';

export function AddCertificate({ of, onClose }: { of: Application; onClose: () => void }) {
  const t = useText(text);
  const [certificate, setCertificate] = useState('');
  const name = of.properties.displayName;
  const isGood =
    certificate.trim().startsWith('-----BEGIN CERTIFICATE-----') &&
    !certificate.includes('PRIVATE KEY');
  const wrong = isGood ? undefined : t.certificateWrong;
  const path = `${of.id}/certificates`;
  const body = { properties: { certificate } };
  return (
    <FormPanel
      title={t.addCertificate}
      label={t.addCertificate}
      told={{
        begun: t.adding(t.certificateOne),
        done: t.added(t.certificateOne),
        failed: t.notAdded(t.certificateOne),
      }}
      work={async () => void (await post(path, body))}
      touches={TOUCHED.access}
      needs={{ action: ACCESS_ACTION.write, on: of.id }}
      refused={wrong}
      equal={{
        stillpoint: `stillpoint app add-certificate ${quoted(name)} --file certificate.pem`,
        rest: { method: 'POST', path, body },
      }}
      onClose={onClose}
    >
      <Field
        label={t.certificate}
        hint={t.certificateHint}
        required
        validationMessage={certificate ? wrong : undefined}
      >
        <Textarea
          rows={10}
          resize="vertical"
          value={certificate}
          onChange={(_, { value }) => setCertificate(value)}
        />
      </Field>
    </FormPanel>
  );
}
