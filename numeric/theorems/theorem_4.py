r"""Theorem 4: for D strictly stable the leading eigenvalue of the second-moment map at small lambda.

.. math:: \mu(\lambda) = 1 - 2\alpha_{\rm eff}\lambda
    + [\alpha_{\rm eff}^2(1-\tau_2/B) - 2\alpha_{\rm eff}\rho]\lambda^2 + O(\lambda^3),\quad
    \rho = \alpha_{\rm eff}\frac{P''(1)}{2P'(1)} + \frac{Q'(1)}{P'(1)}

Method: the spectral radius of :math:`A_\lambda M = SMS^T - (\tau_2/B)\lambda^2\langle rr^T, M\rangle
vv^T` as a matrix in floats, for random algorithms of memory 0 to 4. Compared is the second-order
coefficient: (radius - 1 + 2 alpha_eff lambda) / lambda^2 extrapolated to lambda = 0.
"""
