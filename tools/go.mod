module codexible/tools

go 1.26.4

require github.com/CycloneDX/cyclonedx-go v0.12.0

require github.com/google/licensecheck v0.3.1
