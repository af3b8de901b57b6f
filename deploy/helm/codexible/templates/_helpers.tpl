{{- define "codexible.name" -}}
{{- if contains "codexible" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-codexible" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end -}}
{{- end }}

{{- define "codexible.labels" -}}
app.kubernetes.io/name: codexible
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "codexible.metadata" -}}
labels:
  {{- include "codexible.labels" . | nindent 2 }}
  app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "codexible.pod" -}}
metadata:
  labels:
    {{- include "codexible.labels" . | nindent 4 }}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  # A drain, the longer of the two stops, and 30 seconds to write everything.
  terminationGracePeriodSeconds: {{ add .Values.stop.drain (max .Values.stop.requests .Values.stop.streams) 30 }}
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: {type: RuntimeDefault}
  {{- with .Values.image.pullSecrets }}
  imagePullSecrets:
    {{- range . }}
    - name: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- if .Values.postgres }}
  topologySpreadConstraints:
    - maxSkew: 1
      topologyKey: kubernetes.io/hostname
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "codexible.labels" . | nindent 10 }}
  {{- end }}
  containers:
    - name: codexible
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      {{- with .Values.secret }}
      envFrom:
        - secretRef: {name: {{ . | quote }}}
      {{- end }}
      env:
        - {name: HOST, value: "0.0.0.0"}
        - {name: PORT, value: "3001"}
        - {name: METRICS_ADDR, value: "0.0.0.0:9101"}
        {{- if not .Values.postgres }}
        - {name: DATA_DIR, value: /data}
        {{- end }}
        - {name: DRAIN_DELAY, value: "{{ .Values.stop.drain }}s"}
        - {name: SHUTDOWN_TIMEOUT, value: "{{ .Values.stop.requests }}s"}
        - {name: STREAM_SHUTDOWN_TIMEOUT, value: "{{ .Values.stop.streams }}s"}
        {{- if .Values.postgres }}
        # Without one of these the pod does not start.
        - name: DATABASE_URL
          valueFrom: {secretKeyRef: {name: {{ .Values.secret | quote }}, key: DATABASE_URL}}
        - name: SECRET_KEY
          valueFrom: {secretKeyRef: {name: {{ .Values.secret | quote }}, key: SECRET_KEY}}
        {{- end }}
        {{- range $name, $value := .Values.settings }}
        - {name: {{ $name }}, value: {{ $value | toString | quote }}}
        {{- end }}
      ports:
        - {name: http, containerPort: 3001}
        - {name: metrics, containerPort: 9101}
      # Migrations are applied before the service listens.
      startupProbe:
        httpGet: {path: /health, port: http}
        periodSeconds: 2
        failureThreshold: 150
      livenessProbe:
        httpGet: {path: /health, port: http}
        periodSeconds: 10
        timeoutSeconds: 3
      readinessProbe:
        httpGet: {path: /health/ready, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 1
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: {drop: [ALL]}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        {{- if not .Values.postgres }}
        - {name: data, mountPath: /data}
        {{- end }}
        - {name: tmp, mountPath: /tmp}
  volumes:
    - name: tmp
      emptyDir: {sizeLimit: 64Mi}
{{- end }}
