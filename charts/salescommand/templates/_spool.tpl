{{/* The spool's bound: nine tenths of its volume, so that a full spool is said before the disk is full. */}}
{{- define "salescommand.spoolBytes" -}}
{{- $size := .Values.backend.spool.size -}}
{{- $units := dict "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $unit := regexFind "(Mi|Gi|Ti)$" $size -}}
{{- div (mul (int64 (trimSuffix $unit $size)) (get $units $unit) 9) 10 -}}
{{- end }}

{{/* The certificate authority alone: programs need no key. */}}
{{- define "salescommand.caVolume" -}}
{{- with .Values.tls.existingSecret }}
- name: tls
  secret: {secretName: {{ . }}, defaultMode: 0440, items: [{key: ca.crt, path: ca.crt}]}
{{- end }}
{{- end }}
