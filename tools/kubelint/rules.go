package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// objects is what a set of documents declares.
type objects struct {
	deployments []*appsv1.Deployment
	sets        []*appsv1.StatefulSet
	services    []*corev1.Service
	budgets     []*policyv1.PodDisruptionBudget
}

// check decodes the documents and returns what is wrong with them. known are the variables that the program reads.
func check(documents []string, known map[string]bool) (problems []string) {
	var all objects
	for _, document := range documents {
		if err := all.decode(document); err != nil {
			problems = append(problems, err.Error())
		}
	}
	switch {
	case len(all.deployments)+len(all.sets) != 1:
		return append(problems, "there is not exactly one workload")
	case len(all.sets) == 1:
		set := all.sets[0]
		if *set.Spec.Replicas != 1 {
			problems = append(problems, "the embedded database belongs to one process, but there are more replicas")
		}
		if !slices.ContainsFunc(all.services, func(s *corev1.Service) bool { return s.Name == set.Spec.ServiceName }) {
			problems = append(problems, "serviceName names no Service")
		}
		problems = append(problems, all.workload(set.Spec.Selector, &set.Spec.Template, set.Spec.VolumeClaimTemplates, known)...)
	default:
		d := all.deployments[0]
		if *d.Spec.Replicas > 1 != (len(all.budgets) == 1) {
			problems = append(problems, "a budget of disruptions goes with more than one replica, and with nothing else")
		}
		for _, name := range []string{"DATABASE_URL", "SECRET_KEY"} {
			if !fromSecret(&d.Spec.Template.Spec.Containers[0], name) {
				problems = append(problems, name+" is not read from a Secret")
			}
		}
		problems = append(problems, all.workload(d.Spec.Selector, &d.Spec.Template, nil, known)...)
	}
	return problems
}

// decode reads one document into the type of its kind; a field that the type does not have is an error.
func (o *objects) decode(document string) error {
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
		return err
	}
	var into any
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		o.deployments = append(o.deployments, &appsv1.Deployment{})
		into = o.deployments[len(o.deployments)-1]
	case "apps/v1 StatefulSet":
		o.sets = append(o.sets, &appsv1.StatefulSet{})
		into = o.sets[len(o.sets)-1]
	case "v1 Service":
		o.services = append(o.services, &corev1.Service{})
		into = o.services[len(o.services)-1]
	case "policy/v1 PodDisruptionBudget":
		o.budgets = append(o.budgets, &policyv1.PodDisruptionBudget{})
		into = o.budgets[len(o.budgets)-1]
	default:
		return fmt.Errorf("a document is a %s of %s, which nothing checks", kind.Kind, kind.APIVersion)
	}
	if err := yaml.UnmarshalStrict([]byte(document), into); err != nil {
		return fmt.Errorf("%s: %w", kind.Kind, err)
	}
	return nil
}

// workload checks a template of pods and what refers to it.
func (o *objects) workload(selector *metav1.LabelSelector, pod *corev1.PodTemplateSpec, claims []corev1.PersistentVolumeClaim, known map[string]bool) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	selects := func(s *metav1.LabelSelector) bool {
		parsed, err := metav1.LabelSelectorAsSelector(s)
		return err == nil && !parsed.Empty() && parsed.Matches(labels.Set(pod.Labels))
	}
	if !selects(selector) {
		say("the workload does not select its own pods")
	}
	for _, b := range o.budgets {
		if !selects(b.Spec.Selector) {
			say("the budget %s selects no pod", b.Name)
		}
	}
	c := &pod.Spec.Containers[0]
	for _, s := range o.services {
		if !selects(&metav1.LabelSelector{MatchLabels: s.Spec.Selector}) {
			say("the Service %s selects no pod", s.Name)
		}
		for _, p := range s.Spec.Ports {
			if !slices.ContainsFunc(c.Ports, func(have corev1.ContainerPort) bool { return have.Name == p.TargetPort.String() }) {
				say("the Service %s leads to the port %s, which the pod does not have", s.Name, p.TargetPort.String())
			}
			if p.TargetPort.String() == "metrics" && (len(s.Spec.Ports) > 1 || s.Spec.ClusterIP != corev1.ClusterIPNone) {
				say("the Service %s leads to the metrics from outside", s.Name)
			}
		}
	}
	problems = append(problems, hardened(&pod.Spec, c)...)
	problems = append(problems, probes(c)...)
	problems = append(problems, stops(&pod.Spec, c)...)
	for _, m := range c.VolumeMounts {
		volume := slices.ContainsFunc(pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })
		claim := slices.ContainsFunc(claims, func(v corev1.PersistentVolumeClaim) bool { return v.Name == m.Name })
		if volume == claim {
			say("%s is mounted from a volume that is declared %s", m.MountPath, map[bool]string{true: "twice", false: "nowhere"}[volume])
		}
	}
	for _, e := range c.Env {
		if !known[e.Name] {
			say("%s is no variable of the program", e.Name)
		}
	}
	return problems
}

// hardened reports what a pod may do that it need not.
func hardened(pod *corev1.PodSpec, c *corev1.Container) (problems []string) {
	p, s := pod.SecurityContext, c.SecurityContext
	for problem, wrong := range map[string]bool{
		"it may run as root":                        p == nil || p.RunAsNonRoot == nil || !*p.RunAsNonRoot || p.RunAsUser == nil || *p.RunAsUser == 0,
		"its volumes are not its user's":            p == nil || p.FSGroup == nil,
		"it has no profile of system calls":         p == nil || p.SeccompProfile == nil || p.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault,
		"its root file system is writable":          s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem,
		"it may gain privileges":                    s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation,
		"it keeps capabilities":                     s == nil || s.Capabilities == nil || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) || len(s.Capabilities.Add) > 0,
		"it has a token of the cluster":             pod.AutomountServiceAccountToken == nil || *pod.AutomountServiceAccountToken,
		"it has no limit of memory":                 c.Resources.Limits.Memory().IsZero(),
		"it requests no processor or no memory":     c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero(),
		"its image has no version":                  !strings.Contains(c.Image, ":") || strings.HasSuffix(c.Image, ":latest") || strings.HasSuffix(c.Image, ":"),
		"variables of other Services get into it":   pod.EnableServiceLinks == nil || *pod.EnableServiceLinks,
		"it has more than one container to look at": len(pod.Containers) != 1 || len(pod.InitContainers) > 0,
		"it shares a namespace of the machine":      pod.HostNetwork || pod.HostPID || pod.HostIPC,
	} {
		if wrong {
			problems = append(problems, problem)
		}
	}
	slices.Sort(problems)
	return problems
}

// probes reports probes that are missing or ask something else than they should: the readiness of the service depends on its
// database, its life does not.
func probes(c *corev1.Container) (problems []string) {
	for _, p := range []struct {
		name, path string
		probe      *corev1.Probe
	}{{"startup", "/health", c.StartupProbe}, {"liveness", "/health", c.LivenessProbe}, {"readiness", "/health/ready", c.ReadinessProbe}} {
		if p.probe == nil || p.probe.HTTPGet == nil || p.probe.HTTPGet.Path != p.path || p.probe.HTTPGet.Port.String() != "http" {
			problems = append(problems, fmt.Sprintf("the %s probe does not ask %s at the port http", p.name, p.path))
		}
	}
	return problems
}

// margin is what a service needs after its requests to write everything.
const margin = 30 * time.Second

// stops reports a pod that is killed before its service has stopped by itself.
func stops(pod *corev1.PodSpec, c *corev1.Container) []string {
	parts := map[string]time.Duration{"DRAIN_DELAY": 0, "SHUTDOWN_TIMEOUT": 0, "STREAM_SHUTDOWN_TIMEOUT": 0}
	for name := range parts {
		i := slices.IndexFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == name })
		if i < 0 {
			return []string{name + " is not set"}
		}
		value, err := time.ParseDuration(c.Env[i].Value)
		if err != nil {
			return []string{name + ": " + err.Error()}
		}
		parts[name] = value
	}
	needed := parts["DRAIN_DELAY"] + max(parts["SHUTDOWN_TIMEOUT"], parts["STREAM_SHUTDOWN_TIMEOUT"]) + margin
	if grace := pod.TerminationGracePeriodSeconds; grace == nil || time.Duration(*grace)*time.Second < needed {
		return []string{fmt.Sprintf("the pod is killed before the %s that its service needs to stop", needed)}
	}
	return nil
}

func fromSecret(c *corev1.Container, name string) bool {
	return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
		return e.Name == name && e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil && e.ValueFrom.SecretKeyRef.Name != ""
	})
}
