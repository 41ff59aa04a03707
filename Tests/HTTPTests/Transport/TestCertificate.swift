import TestSupport

/// A certificate for localhost, signed by itself and good for a hundred years, and its key, as files of a test.
struct TestCertificate {
    let certificate: String
    let key: String

    private init(_ certificate: String, _ key: String) {
        self.certificate = certificate
        self.key = key
    }

    /// Writes the two files, in place of those of another.
    func write(to scratch: ScratchDirectory) throws -> (certificate: String, key: String) {
        (try scratch.write("certificate.pem", certificate.utf8), try scratch.write("key.pem", key.utf8))
    }

    static let first = TestCertificate(
        """
        -----BEGIN CERTIFICATE-----
        MIIBnDCCAUGgAwIBAgIUfyfH76M9UeVrwl0BF1LNxIIQvYowCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzE1MzQwM1oYDzIxMjYxMTAz
        MTUzNDAzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAART+1jLPATe3olKWmd3wYzOcbKgPp7lGL2UenVG57MCv/W9m6yrJNQZ
        uXAzvqlfo0HD8Yr6grdh/DpJCMyW4eBOo28wbTAdBgNVHQ4EFgQUKl3NqCb/AuJS
        czw6K8CtCCYJAEwwHwYDVR0jBBgwFoAUKl3NqCb/AuJSczw6K8CtCCYJAEwwDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSQAwRgIhAPFflKFzkABiW1M7SsVhiDbxEFmCyIoruF0asgVXYbAiAiEA
        343HKda/Ipw5rnUILtwfmUSWgWZQsycvMSEavuZD5Ok=
        -----END CERTIFICATE-----

        """,
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgNX14VicFu2PA3gcv
        qeLq/OCt56yvkqmUXXEBA4VyBmehRANCAART+1jLPATe3olKWmd3wYzOcbKgPp7l
        GL2UenVG57MCv/W9m6yrJNQZuXAzvqlfo0HD8Yr6grdh/DpJCMyW4eBO
        -----END PRIVATE KEY-----

        """)

    static let second = TestCertificate(
        """
        -----BEGIN CERTIFICATE-----
        MIIBmzCCAUGgAwIBAgIUWvqF3y7Vr2INppqIYCrZKq8MNLEwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzE1MzQwM1oYDzIxMjYxMTAz
        MTUzNDAzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAARZJzRQYE2d606uwmwx49hoe0exiRvZeOaQQL8vnWqk2TjeR/WZt5rD
        3S1IUGOmnlG190J+dei8UV5jbTynwQbgo28wbTAdBgNVHQ4EFgQUsj+iA6F2qV1F
        v5KVm5E6MgW2PG0wHwYDVR0jBBgwFoAUsj+iA6F2qV1Fv5KVm5E6MgW2PG0wDwYD
        VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
        zj0EAwIDSAAwRQIhAO/89Sn+k4x9VM0est4kYnfPT3YgCXcjfWQ+IgpUCEKvAiBt
        oJFMS/2RF02XjUUmAaLQNScBxnypNFwXNaYq+Sx2Pg==
        -----END CERTIFICATE-----

        """,
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgffht+17XYPu8iFog
        uIB4bZVrV8PGKQPwVoqmkztYfe6hRANCAARZJzRQYE2d606uwmwx49hoe0exiRvZ
        eOaQQL8vnWqk2TjeR/WZt5rD3S1IUGOmnlG190J+dei8UV5jbTynwQbg
        -----END PRIVATE KEY-----

        """)
}
