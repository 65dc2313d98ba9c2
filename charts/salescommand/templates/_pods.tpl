{{/* What every pod says alike: {context, component, part (its values), user}. */}}
{{- define "salescommand.podCommon" -}}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
topologySpreadConstraints:
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "salescommand.selector" $ | nindent 8 }}
{{- end }}
{{- with .context.Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .part.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .part.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .part.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Metadata of a pod template: {context, component, part, checksum}. */}}
{{- define "salescommand.podMetadata" -}}
labels:
  {{- include "salescommand.selector" . | nindent 2 }}
  app.kubernetes.io/part-of: salescommand
  {{- with .context.Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- if or .checksum .part.podAnnotations }}
annotations:
  {{- with .checksum }}
  checksum/config: {{ . }}
  {{- end }}
  {{- with .part.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Of every container. */}}
{{- define "salescommand.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Environment of the programs: where the stores are and how they behave. */}}
{{- define "salescommand.environment" -}}
- name: CLICKHOUSE_URL
  value: {{ include "salescommand.clickhouse.url" . | quote }}
- name: CLICKHOUSE_DATABASE
  value: {{ .Values.datalake.database | quote }}
- name: CLICKHOUSE_USER
  valueFrom: {secretKeyRef: {name: {{ include "salescommand.secret.clickhouse" . }}, key: username}}
- name: CLICKHOUSE_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "salescommand.secret.clickhouse" . }}, key: password}}
{{- if .Values.tls.existingSecret }}
- name: CLICKHOUSE_CA_FILE
  value: {{ include "salescommand.tlsPath" . }}/ca.crt
{{- end }}
{{- if .Values.mongodb.enabled }}
- name: MONGO_USERNAME
  valueFrom: {secretKeyRef: {name: {{ include "salescommand.secret.mongodb" . }}, key: username}}
- name: MONGO_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "salescommand.secret.mongodb" . }}, key: password}}
- name: MONGO_URL
  value: "mongodb://$(MONGO_USERNAME):$(MONGO_PASSWORD)@{{ include "salescommand.mongodb.hosts" . }}/?replicaSet=rs0&authSource=admin&w=majority{{ if .Values.tls.existingSecret }}&tls=true&tlsCAFile={{ include "salescommand.tlsPath" . }}/ca.crt{{ end }}"
- name: DB_NAME
  value: salesintel
{{- else }}
- name: MONGO_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.externalMongodb.existingSecret }}, key: url}}
- name: DB_NAME
  value: {{ .Values.externalMongodb.database | quote }}
{{- end }}
{{- if .Values.redis.enabled }}
- name: REDIS_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ include "salescommand.secret.redis" . }}, key: password}}
- name: REDIS_URL
  value: "{{ if .Values.tls.existingSecret }}rediss{{ else }}redis{{ end }}://:$(REDIS_PASSWORD)@{{ include "salescommand.fullname" . }}-redis.{{ .Release.Namespace }}.svc:6379/0{{ if .Values.tls.existingSecret }}?ssl_ca_certs={{ include "salescommand.tlsPath" . }}/ca.crt{{ end }}"
{{- else }}
- name: REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ .Values.externalRedis.existingSecret }}, key: url}}
{{- end }}
- name: SALESCOMMAND_SECRET_KEY
  valueFrom: {secretKeyRef: {name: {{ include "salescommand.secret.key" . }}, key: key}}
- name: SALESCOMMAND_SCHEMA
  value: {{ if and .Values.operator.enabled .Values.datalake.enabled }}verify{{ else }}ensure{{ end }}
- name: SALESCOMMAND_PUBLIC_URL
  value: {{ .Values.publicUrl | quote }}
- name: SALESCOMMAND_REPORTING_CURRENCY
  value: {{ .Values.settings.reportingCurrency | quote }}
- name: SALESCOMMAND_SESSION_HOURS
  value: {{ .Values.settings.sessionHours | quote }}
- name: SALESCOMMAND_API_RATE_PER_MINUTE
  value: {{ .Values.settings.apiRatePerMinute | quote }}
- name: SALESCOMMAND_LOG_LEVEL
  value: {{ .Values.settings.logLevel | quote }}
- name: FORWARDED_ALLOW_IPS
  value: {{ .Values.settings.forwardedAllowIps | quote }}
{{- if .Values.backup.to }}
- name: SALESCOMMAND_BACKUP_TO
  value: {{ .Values.backup.to | quote }}
- name: SALESCOMMAND_BACKUP_EVERY_HOURS
  value: {{ .Values.backup.everyHours | quote }}
{{- with .Values.backup.existingSecret }}
- name: SALESCOMMAND_BACKUP_KEY
  valueFrom: {secretKeyRef: {name: {{ . }}, key: accessKeyId}}
- name: SALESCOMMAND_BACKUP_SECRET
  valueFrom: {secretKeyRef: {name: {{ . }}, key: secretAccessKey}}
{{- end }}
{{- end }}
{{- with .Values.settings.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Probes of a container: {path, port, startup (seconds), scheme}. Started, alive, and able to serve are three things. */}}
{{- define "salescommand.probes" -}}
startupProbe:
  httpGet: {path: {{ .path }}, port: {{ .port }}}
  periodSeconds: 3
  timeoutSeconds: 5
  failureThreshold: {{ div .startup 3 }}
livenessProbe:
  httpGet: {path: {{ default .path .live }}, port: {{ .port }}}
  periodSeconds: 15
  timeoutSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: {path: {{ default .path .ready }}, port: {{ .port }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end }}

{{/* A PodDisruptionBudget: {context, component, max}. */}}
{{- define "salescommand.pdb" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "salescommand.fullname" .context }}-{{ .component }}
  labels: {{ include "salescommand.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{ include "salescommand.selector" . | nindent 6 }}
{{- end }}

{{/* A HorizontalPodAutoscaler of a Deployment: {context, component, part, min}. */}}
{{- define "salescommand.hpa" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "salescommand.fullname" .context }}-{{ .component }}
  labels: {{ include "salescommand.labels" . | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "salescommand.fullname" .context }}-{{ .component }}}
  minReplicas: {{ .min }}
  maxReplicas: {{ .part.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource: {name: cpu, target: {type: Utilization, averageUtilization: {{ .part.autoscaling.cpuPercent }}}}
{{- end }}

{{/* Size in a claim template: {context, set, size}. Kubernetes refuses another one than that of the set that is there; */}}
{{/* claims are grown themselves, and the value is for new installations. */}}
{{- define "salescommand.claimSize" -}}
{{- $live := (lookup "apps/v1" "StatefulSet" .context.Release.Namespace .set).spec | default dict -}}
{{- $size := .size -}}
{{- with $live.volumeClaimTemplates }}{{ $size = (index . 0).spec.resources.requests.storage }}{{ end -}}
{{- $size -}}
{{- end }}
