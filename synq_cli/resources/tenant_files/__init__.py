"""A tenant as files: `synq export DIR`, and the comparison of such a folder with a tenant."""
