{{/* What a schema cannot say. Each refusal names the value and what it would have cost. */}}
{{- define "yitong.checks" -}}
{{- $v := .Values -}}
{{- $kafka := include "yitong.kafka" . -}}
{{- if $v.gateway.enabled }}{{ include "yitong.checkGateway" . }}{{ else }}
{{- if not (or $v.witness.enabled $v.connectors) }}{{ fail "gateway.enabled is false, and there is neither a witness nor a connector: nothing would run" }}{{ end -}}
{{- if and $v.connectors (not $kafka) }}{{ fail "connectors: with config.bus.driver `embedded` they run in the gateway's pod, and gateway.enabled is false" }}{{ end -}}
{{- if or $v.ingress.enabled $v.gatewayApi.enabled $v.autoscaling.enabled }}{{ fail "ingress, gatewayApi, autoscaling: they are of the gateway, and gateway.enabled is false" }}{{ end -}}
{{- end -}}
{{- if $kafka }}
{{- range $key := list "brokers" "replication" "minInsyncReplicas" }}{{ if not (hasKey $v.config.bus $key) }}{{ fail (printf "config.bus.%s: Kafka needs it" $key) }}{{ end }}{{ end -}}
{{- include "yitong.checkKafka" (dict "kafka" $v.kafka "at" "kafka") -}}
{{- else }}
{{- range $key, $_ := omit $v.config.bus "driver" }}{{ fail (printf "config.bus.%s: is of Kafka, and config.bus.driver is `embedded`" $key) }}{{ end -}}
{{- if or $v.kafka.tls.enabled $v.kafka.sasl.mechanism }}{{ fail "kafka: config.bus.driver is `embedded`" }}{{ end -}}
{{- end -}}
{{- $feeds := list }}
{{- range $v.connectors }}
{{- if has .feed $feeds }}{{ fail (printf "connectors: `%s` stands there twice; two would publish the same rows" .feed) }}{{ end -}}
{{- $feeds = append $feeds .feed }}
{{- if $kafka }}{{ include "yitong.checkKafka" (dict "kafka" (include "yitong.connectorKafka" (dict "root" $ "connector" .) | fromYaml) "at" (printf "connectors[%s].kafka" .feed)) }}
{{- if and $v.kafka.sasl.mechanism (not (dig "kafka" "sasl" "mechanism" "" .)) }}{{ fail (printf "connectors[%s].kafka.sasl: the gateway logs in to Kafka, so this connector needs a login of its authority" .feed) }}{{ end -}}
{{- if and $v.kafka.tls.clientSecret (not (dig "kafka" "tls" "clientSecret" "" .)) (not (dig "kafka" "sasl" "mechanism" "" .)) }}{{ fail (printf "connectors[%s].kafka.tls.clientSecret: the gateway shows Kafka a certificate, so this connector needs one of its authority" .feed) }}{{ end -}}
{{- end }}
{{- end }}
{{- with $v.workspace }}
{{- if and (eq .kind "configMap") (or (not .configMap.name) (not .configMap.items)) }}{{ fail "workspace.configMap: name, and items that say where in the workspace each key stands" }}{{ end -}}
{{- if and (eq .kind "persistentVolumeClaim") (not .persistentVolumeClaim.claimName) }}{{ fail "workspace.persistentVolumeClaim.claimName" }}{{ end -}}
{{- if and (eq .kind "imageVolume") (not .imageVolume.reference) }}{{ fail "workspace.imageVolume.reference" }}{{ end -}}
{{- if eq .kind "imageVolume" }}
{{- /* only the numbers: what a provider adds would make it older than itself for semver */}}
{{- $version := regexFind "[0-9]+\\.[0-9]+\\.[0-9]+" $.Capabilities.KubeVersion.Version }}
{{- if semverCompare "<1.31.0" $version }}{{ fail (printf "workspace.kind: image volumes came with Kubernetes 1.31, and this is %s" $version) }}{{ end -}}
{{- if and (semverCompare "<1.35.0" $version) (not .imageVolume.featureGate) }}{{ fail (printf "workspace.imageVolume.featureGate: Kubernetes %s drops an image volume without a word unless the feature gate ImageVolume is on at the API server and at every kubelet; say `true` where it is, or take another workspace.kind (without a cluster, say which one it is for with --kube-version)" $version) }}{{ end -}}
{{- end }}
{{- if and (eq .kind "configMap") .overlays }}{{ fail "workspace.overlays: nothing can be mounted into a ConfigMap; put the files among workspace.configMap.items" }}{{ end -}}
{{- end }}
{{- with $v.witness }}
{{- if and .enabled (or (not .name) (not .existingSecret) (not .logs)) }}{{ fail "witness: name, existingSecret and logs" }}{{ end -}}
{{- end }}
{{- end }}

{{/* Of the StatefulSet, and of what leads to it. */}}
{{- define "yitong.checkGateway" -}}
{{- $v := .Values -}}
{{- $several := include "yitong.several" . -}}
{{- $kafka := include "yitong.kafka" . -}}
{{- $equal := include "yitong.equal" . -}}
{{- if and (eq (dig "audit" "takeover" "manual" $v.config) "automatic") (not (and $equal $several $v.state.installationKey.existingSecret)) }}{{ fail "config.audit.takeover is `automatic`: replicas elect who sequences in a state that they share; that needs config.state.driver `postgres`, state.installationKey.existingSecret and several replicas" }}{{ end -}}
{{- if and (not $equal) (ge (int $v.sequencer) (int $v.replicas)) }}{{ fail (printf "sequencer: there is no replica %d of %d: no log would be written" (int $v.sequencer) (int $v.replicas)) }}{{ end -}}
{{- if not (or $v.tls.server.existingSecret $v.certManager.enabled) }}{{ fail "tls.server.existingSecret (or certManager.enabled): the gateway starts with its own certificate only" }}{{ end -}}
{{- if and $v.certManager.enabled (not $v.certManager.issuerRef.name) }}{{ fail "certManager.issuerRef.name: who is to issue?" }}{{ end -}}
{{- if $several }}
{{- if not $kafka }}{{ fail "replicas: several of them need config.bus.driver `kafka`; the embedded bus is one folder on one disk" }}{{ end -}}
{{- if not $v.tls.replica.spiffePrefix }}{{ fail "tls.replica.spiffePrefix: replicas know each other by the SPIFFE URI of their certificates" }}{{ end -}}
{{- if not (or $v.tls.replica.existingSecrets $v.certManager.enabled) }}{{ fail "tls.replica.existingSecrets (or certManager.enabled): several replicas prove themselves to each other" }}{{ end -}}
{{- if and $v.tls.replica.existingSecrets (ne (len $v.tls.replica.existingSecrets) (int $v.replicas)) }}{{ fail (printf "tls.replica.existingSecrets: one for each of the %d replicas, in their order" (int $v.replicas)) }}{{ end -}}
{{- if ne (len ($v.tls.replica.existingSecrets | uniq)) (len $v.tls.replica.existingSecrets) }}{{ fail "tls.replica.existingSecrets: two replicas with one key could pass for each other" }}{{ end -}}
{{- if and $v.tls.replica.existingSecrets (not (or $v.tls.replica.ca.secret $v.tls.replica.ca.configMap)) }}{{ fail "tls.replica.ca: the Secret or ConfigMap with the authorities of replicas" }}{{ end -}}
{{- else if eq (dig "audit" "durability" "local" $v.config) "replicated" }}{{ fail "config.audit.durability is `replicated`: that needs a second replica" }}{{ end -}}
{{- if and (dig "people" "issuer" "" $v.config) (not $v.people.clientSecret.existingSecret) }}{{ fail "people.clientSecret.existingSecret: the provider of config.people.issuer asks for it" }}{{ end -}}
{{- if and (dig "people" "issuer" "" $v.config) (not (dig "people" "publicUrl" "" $v.config)) }}{{ fail "config.people.publicUrl: the address to which the provider sends people back" }}{{ end -}}
{{- if and (include "yitong.shared" .) (not (dig "state" "servers" list $v.config)) }}{{ fail "config.state.servers: the PostgreSQL servers of config.state.driver `postgres`" }}{{ end -}}
{{- if and (include "yitong.shared" .) (not (or $v.state.password.existingSecret $v.state.clientSecret)) }}{{ fail "state.password.existingSecret (or state.clientSecret): how the gateway proves itself to the servers of config.state" }}{{ end -}}
{{- if and (not (include "yitong.shared" .)) (or $v.state.password.existingSecret $v.state.clientSecret) }}{{ fail "state: config.state.driver is not `postgres`, so nobody would use it" }}{{ end -}}
{{- if and (include "yitong.viewServed" .) (not (dig "view" "servers" list $v.config)) }}{{ fail "config.view.servers: the PostgreSQL servers of config.view.driver `postgres`" }}{{ end -}}
{{- if and (include "yitong.viewServed" .) (not (or $v.view.password.existingSecret $v.view.clientSecret)) }}{{ fail "view.password.existingSecret (or view.clientSecret): how the gateway proves itself to the servers of config.view" }}{{ end -}}
{{- if and (not (include "yitong.viewServed" .)) (or $v.view.password.existingSecret $v.view.clientSecret) }}{{ fail "view: config.view.driver is not `postgres`, so nobody would use it" }}{{ end -}}
{{- if and (or $v.ingress.enabled $v.gatewayApi.enabled) (not $v.service.people.enabled) }}{{ fail "service.people.enabled: ingress and gatewayApi lead to it" }}{{ end -}}
{{- if and $v.ingress.enabled (not $v.ingress.host) }}{{ fail "ingress.host" }}{{ end -}}
{{- if and $v.gatewayApi.enabled (or (not $v.gatewayApi.parentRefs) (not $v.gatewayApi.hostnames)) }}{{ fail "gatewayApi: parentRefs and hostnames" }}{{ end -}}
{{- with $v.autoscaling }}
{{- if .enabled }}
{{- if not $several }}{{ fail "autoscaling: there is one replica" }}{{ end -}}
{{- if gt (int .maxReplicas) (int $v.replicas) }}{{ fail (printf "autoscaling.maxReplicas: %d replicas are declared; one that is not declared does not start" (int $v.replicas)) }}{{ end -}}
{{- if and (not $equal) (le (int .minReplicas) (int $v.sequencer)) }}{{ fail "autoscaling.minReplicas: the replica that sequences would be taken away" }}{{ end -}}
{{- if and (eq (dig "audit" "durability" "local" $v.config) "replicated") (lt (int .minReplicas) 2) }}{{ fail "autoscaling.minReplicas: with config.audit.durability `replicated` one replica alone does not answer" }}{{ end -}}
{{- end }}
{{- end }}
{{- end }}

{{/* dict kafka at */}}
{{- define "yitong.checkKafka" -}}
{{- with .kafka.sasl }}
{{- if and .mechanism (or (not .username) (not .existingSecret)) }}{{ fail (printf "%s.sasl: username and existingSecret" $.at) }}{{ end -}}
{{- if and (eq .mechanism "plain") (not $.kafka.tls.enabled) }}{{ fail (printf "%s.sasl.mechanism: `plain` without TLS shows the password to whoever is on the way" $.at) }}{{ end -}}
{{- end }}
{{- end }}
