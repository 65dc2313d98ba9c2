{{/* Names and labels. */}}
{{- define "salescommand.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}{{- end -}}
{{- end -}}
{{- end }}

{{/* What selects a component's pods: {context, component}. Never changes over upgrades. */}}
{{- define "salescommand.selector" -}}
app.kubernetes.io/name: {{ .context.Chart.Name }}
app.kubernetes.io/instance: {{ .context.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of a component's objects: {context, component}. */}}
{{- define "salescommand.labels" -}}
{{ include "salescommand.selector" . }}
app.kubernetes.io/part-of: salescommand
app.kubernetes.io/managed-by: {{ .context.Release.Service }}
app.kubernetes.io/version: {{ .context.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .context.Chart.Name .context.Chart.Version | replace "+" "_" }}
{{- with .context.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* An image reference: {image, context}; a digest wins over a tag, and the tag is the chart's version by default. */}}
{{- define "salescommand.image" -}}
{{- if .image.digest -}}{{ .image.repository }}@{{ .image.digest }}
{{- else -}}{{ .image.repository }}:{{ default .context.Chart.AppVersion .image.tag }}{{- end -}}
{{- end }}

{{/* Whether a cluster can be asked: nothing made by chance may come out of a rendering that can't see what exists. */}}
{{- define "salescommand.online" -}}
{{- if lookup "v1" "Namespace" "" "kube-system" -}}true{{- end -}}
{{- end }}

{{/* A secret that is made once: {context, secret, key, length, value}. What the cluster has is kept. */}}
{{- define "salescommand.kept" -}}
{{- $existing := (lookup "v1" "Secret" .context.Release.Namespace .secret).data | default dict -}}
{{- if hasKey $existing .key -}}{{ get $existing .key }}
{{- else if include "salescommand.online" .context -}}{{ default (randAlphaNum (int (default 32 .length))) .value | b64enc }}
{{- else -}}
{{- fail (printf "%s is not set, and without a cluster nothing can tell whether its secret exists: a new one at each rendering would lock you out. Make the Secret yourself and name it in %s." .setting .setting) -}}
{{- end -}}
{{- end }}

{{/* Names of the Secrets, made here or existing. */}}
{{- define "salescommand.secret.key" -}}{{ default (printf "%s-key" (include "salescommand.fullname" .)) .Values.secretKey.existingSecret }}{{- end }}
{{- define "salescommand.secret.clickhouse" -}}
{{- if .Values.clickhouse.enabled -}}{{ default (printf "%s-clickhouse" (include "salescommand.fullname" .)) .Values.clickhouse.auth.existingSecret }}
{{- else -}}{{ .Values.externalClickhouse.existingSecret }}{{- end -}}
{{- end }}
{{- define "salescommand.secret.clickhouseOperator" -}}
{{- if .Values.clickhouse.enabled -}}{{ default (printf "%s-clickhouse-operator" (include "salescommand.fullname" .)) .Values.clickhouse.auth.operatorExistingSecret }}
{{- else -}}{{ .Values.externalClickhouse.existingSecret }}{{- end -}}
{{- end }}
{{- define "salescommand.secret.clickhouseCluster" -}}{{ default (printf "%s-clickhouse-cluster" (include "salescommand.fullname" .)) .Values.clickhouse.auth.clusterExistingSecret }}{{- end }}
{{- define "salescommand.secret.mongodb" -}}{{ default (printf "%s-mongodb" (include "salescommand.fullname" .)) .Values.mongodb.auth.existingSecret }}{{- end }}
{{- define "salescommand.secret.redis" -}}{{ default (printf "%s-redis" (include "salescommand.fullname" .)) .Values.redis.auth.existingSecret }}{{- end }}

{{/* Addresses. */}}
{{- define "salescommand.clickhouse.url" -}}
{{- if .Values.clickhouse.enabled -}}
{{- if .Values.tls.existingSecret -}}https://{{ include "salescommand.fullname" . }}-clickhouse.{{ .Release.Namespace }}.svc:8443
{{- else -}}http://{{ include "salescommand.fullname" . }}-clickhouse:8123{{- end -}}
{{- else -}}{{ .Values.externalClickhouse.url }}{{- end -}}
{{- end }}
{{- define "salescommand.mongodb.hosts" -}}
{{- $name := printf "%s-mongodb" (include "salescommand.fullname" .) -}}
{{- $hosts := list -}}
{{- range until (int .Values.mongodb.replicas) }}{{- $hosts = append $hosts (printf "%s-%d.%s-headless.%s.svc:27017" $name . $name $.Release.Namespace) }}{{- end -}}
{{- join "," $hosts -}}
{{- end }}

{{/* What runs beside the volume of a TLS Secret. */}}
{{- define "salescommand.tlsPath" -}}/etc/salescommand/tls{{- end }}
